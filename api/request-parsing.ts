import type { z } from 'zod';
import { wordIssue } from '../contracts/issue-words.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';
import { idempotencyKeySchema, ifMatchSchema, ifNoneMatchSchema } from '../contracts/request-headers.ts';
import { jsonPointer } from '../domain/json-pointer.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Precondition } from '../engines/requests/precondition.ts';
import { maxDepth } from './json-bounds.ts';

/** So many flaws are told; of the others, how many there are. */
const toldAtMost = 100;
const toldInText = 10;
/** Of what has more values than this only the first flaw is looked for: to note each of a hundred thousand takes seconds and the memory of a process. */
const searchedThroughout = 20_000;
const maxNameLength = 1_024;
/** Known to zod's own code and not yet to its types. */
const abortEarly = { abortEarly: true } as z.core.ParseContext<z.core.$ZodIssue>;

interface Flaws {
  readonly told: readonly ProblemDetail[];
  readonly total: number;
}

const shortened = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** The flaws that zod found, each with its JSON pointer; an unknown field is one flaw with its own pointer. */
function flawsOf(issues: readonly z.core.$ZodIssue[]): Flaws {
  const told: ProblemDetail[] = [];
  let total = 0;
  const tell = (flaw: () => ProblemDetail): void => {
    total += 1;
    if (told.length < toldAtMost) told.push(flaw());
  };
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        tell(() => ({
          pointer: jsonPointer([...issue.path, key]),
          message: `unknown field "${shortened(key)}"`,
          fix: 'Remove it, or correct its spelling.',
        }));
    } else if (issue.code === 'invalid_key') {
      for (const { message } of issue.issues)
        tell(() => ({ pointer: jsonPointer(issue.path), message: `the name of this field ${message}` }));
    } else {
      tell(() => ({
        pointer: jsonPointer(issue.path),
        message: issue.message,
        ...(issue.code === 'invalid_value' ? { allowed: issue.values.map(String) } : {}),
      }));
    }
  }
  return { told, total };
}

/** One is JavaScript's own; by the other the MongoDB driver takes an object for a value of its own types. */
const reservedNames: ReadonlySet<string> = new Set(['__proto__', '_bsontype']);

/**
 * Refuses what no later code should meet: nesting that exhausts a stack, strings that are not Unicode, numbers beyond all numbers, and
 * names that are not data or cannot be stored. Returns how many values there are.
 */
function requireSoundJson(document: unknown): number {
  const path: string[] = [];
  let values = 0;
  const refused = (what: string, message: string): TenureError =>
    new TenureError('request_invalid', what, { errors: [{ pointer: jsonPointer(path), message }] });

  function walk(value: unknown): void {
    values += 1;
    if (typeof value === 'string') {
      if (!value.isWellFormed()) throw refused('a string is not well-formed Unicode', 'holds half of a surrogate pair');
      return;
    }
    if (typeof value === 'number' && !Number.isFinite(value))
      throw refused('a number is too large', 'is beyond what a number here can be');
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (!Array.isArray(value)) requireSoundName(key);
      path.push(key);
      if (path.length > maxDepth)
        throw refused(`the body nests deeper than ${maxDepth} levels`, `nests deeper than ${maxDepth} levels`);
      walk(child);
      path.pop();
    }
  }

  function requireSoundName(name: string): void {
    const what = 'a field name is not acceptable';
    if (reservedNames.has(name)) throw refused(what, `no field may be called "${name}"`);
    if (!name.isWellFormed()) throw refused(what, 'a field name here holds half of a surrogate pair');
    if (name.includes('\0')) {
      path.push(name);
      throw refused(what, 'a field name holds a NUL character, which MongoDB does not store');
    }
    if (name.length > maxNameLength)
      throw refused(what, `a field name here is longer than ${maxNameLength} characters`);
  }

  walk(document);
  return values;
}

/** @throws TenureError request_invalid, with every flaw; of very many with the first of them, of a very large body with the first one */
export function parsePart<Schema extends z.ZodType>(
  part: 'path' | 'query' | 'body',
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const isLarge = requireSoundJson(value) > searchedThroughout;
  const parsed = schema.safeParse(value, { error: wordIssue, ...(isLarge ? abortEarly : {}) });
  if (parsed.success) return parsed.data;
  const { told, total } = flawsOf(parsed.error.issues);
  const named = told.slice(0, toldInText).map((flaw) => `${flaw.pointer ?? ''} ${flaw.message}`.trim());
  const rest = [
    ...(total > named.length ? [`and ${total - named.length} more`] : []),
    ...(isLarge ? ['what comes after that was not looked at'] : []),
  ];
  throw new TenureError('request_invalid', `the ${part} is not valid: ${[...named, ...rest].join('; ')}`, {
    errors: told,
  });
}

export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** @throws TenureError request_invalid */
function parseHeader<Schema extends z.ZodType>(schema: Schema, value: string): z.infer<Schema> {
  const parsed = schema.safeParse(value, { error: wordIssue });
  if (parsed.success) return parsed.data;
  throw new TenureError('request_invalid', parsed.error.issues.map(({ message }) => message).join('; '));
}

/** Reads If-Match and If-None-Match. @throws TenureError request_invalid */
export function readPrecondition(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): Precondition | undefined {
  if (ifMatch !== undefined && ifNoneMatch !== undefined)
    throw new TenureError('request_invalid', 'send If-Match or If-None-Match, not both');
  if (ifNoneMatch !== undefined) {
    parseHeader(ifNoneMatchSchema, ifNoneMatch.trim());
    return { kind: 'absent' };
  }
  if (ifMatch === undefined) return undefined;
  const tags = parseHeader(ifMatchSchema, ifMatch.trim());
  if (tags === '*') return { kind: 'exists' };
  return { kind: 'revision', revisions: Array.from(tags.matchAll(/\d+/g), ([revision]) => Number(revision)) };
}

/** @throws TenureError idempotency_key_missing, request_invalid */
export function readIdempotencyKey(
  header: string | undefined,
  rule: 'required' | 'optional' | 'none',
): string | undefined {
  if (rule === 'none') return undefined;
  if (rule === 'required' && (header === undefined || header === ''))
    throw new TenureError(
      'idempotency_key_missing',
      'this route changes something and may be repeated only under a key',
    );
  // An empty one is a client's mistake, and is told: it means to repeat, and would do so under no key.
  return header === undefined ? undefined : parseHeader(idempotencyKeySchema, header);
}
