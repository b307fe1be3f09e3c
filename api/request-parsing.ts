import type { z } from 'zod';
import { wordIssue } from '../contracts/issue-words.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';
import { idempotencyKeySchema, ifMatchSchema, ifNoneMatchSchema } from '../contracts/request-headers.ts';
import { jsonPointer } from '../domain/json-difference.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Precondition } from '../engines/requests/precondition.ts';
import { maxDepth } from './json-bounds.ts';

/** Maximum number of flaws in a response; the rest are only counted. */
const maxListed = 100;
const maxInText = 10;
/**
 * Beyond this number of values, validation stops at the first flaw: collecting 100,000 flaws takes seconds and too much
 * memory.
 */
const searchedThroughout = 20_000;
const maxNameLength = 1_024;
/** zod supports this option, but its types do not include it yet. */
const abortEarly = { abortEarly: true } as z.core.ParseContext<z.core.$ZodIssue>;

interface Flaws {
  readonly listed: readonly ProblemDetail[];
  readonly total: number;
}

const shortened = (name: string): string => (name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** The flaws that zod found, each with its JSON Pointer. Each unknown field is a separate flaw. */
function flawsOf(issues: readonly z.core.$ZodIssue[]): Flaws {
  const listed: ProblemDetail[] = [];
  let total = 0;
  const add = (flaw: () => ProblemDetail): void => {
    total += 1;
    if (listed.length < maxListed) listed.push(flaw());
  };
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        add(() => ({
          pointer: jsonPointer([...issue.path, key]),
          message: `unknown field "${shortened(key)}"`,
          fix: 'Remove the field or correct its spelling.',
        }));
    } else if (issue.code === 'invalid_key') {
      for (const { message } of issue.issues)
        add(() => ({ pointer: jsonPointer(issue.path), message: `the name of this field ${message}` }));
    } else {
      add(() => ({
        pointer: jsonPointer(issue.path),
        message: issue.message,
        ...(issue.code === 'invalid_value' ? { allowed: issue.values.map(String) } : {}),
      }));
    }
  }
  return { listed, total };
}

/**
 * `__proto__` is special in JavaScript; `_bsontype` makes the MongoDB driver treat an object as one of its own types.
 */
const reservedNames: ReadonlySet<string> = new Set(['__proto__', '_bsontype']);

/**
 * Refuses values that later code cannot handle: nesting that exhausts the stack, strings that are not well-formed
 * Unicode, infinite numbers, and field names that are reserved or cannot be stored. Returns the number of values.
 */
function requireSoundJson(document: unknown): number {
  const path: string[] = [];
  let values = 0;
  const refused = (what: string, message: string): TenureError =>
    new TenureError('request_invalid', what, { errors: [{ pointer: jsonPointer(path), message }] });

  function walk(value: unknown): void {
    values += 1;
    if (typeof value === 'string') {
      if (!value.isWellFormed()) throw refused('a string is not well-formed Unicode', 'contains an unpaired surrogate');
      return;
    }
    if (typeof value === 'number' && !Number.isFinite(value))
      throw refused('a number is too large', 'is outside the range of a double');
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (!Array.isArray(value)) requireSoundName(key);
      path.push(key);
      if (path.length > maxDepth)
        throw refused(`the body is nested deeper than ${maxDepth} levels`, `is nested deeper than ${maxDepth} levels`);
      walk(child);
      path.pop();
    }
  }

  function requireSoundName(name: string): void {
    const what = 'a field name is not valid';
    if (reservedNames.has(name)) throw refused(what, `the field name "${name}" is not allowed`);
    if (!name.isWellFormed()) throw refused(what, 'a field name here contains an unpaired surrogate');
    if (name.includes('\0')) {
      path.push(name);
      throw refused(what, 'the field name contains a NUL character, which MongoDB cannot store');
    }
    if (name.length > maxNameLength)
      throw refused(what, `a field name here is longer than ${maxNameLength} characters`);
  }

  walk(document);
  return values;
}

/**
 * @throws TenureError request_invalid, with all flaws up to a limit; for a very large body, only with the first flaw
 */
export function parsePart<Schema extends z.ZodType>(
  part: 'path' | 'query' | 'body',
  schema: Schema,
  value: unknown,
): z.infer<Schema> {
  const isLarge = requireSoundJson(value) > searchedThroughout;
  const parsed = schema.safeParse(value, { error: wordIssue, ...(isLarge ? abortEarly : {}) });
  if (parsed.success) return parsed.data;
  const { listed, total } = flawsOf(parsed.error.issues);
  const named = listed.slice(0, maxInText).map((flaw) => `${flaw.pointer ?? ''} ${flaw.message}`.trim());
  const rest = [
    ...(total > named.length ? [`and ${total - named.length} more`] : []),
    ...(isLarge ? ['the rest was not checked'] : []),
  ];
  throw new TenureError('request_invalid', `the ${part} is not valid: ${[...named, ...rest].join('; ')}`, {
    errors: listed,
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
    throw new TenureError('request_invalid', 'send either If-Match or If-None-Match, not both');
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
    throw new TenureError('idempotency_key_missing', 'this route changes data and requires an Idempotency-Key');
  // Report an empty key as an error: the client wants safe retries, but would have none.
  return header === undefined ? undefined : parseHeader(idempotencyKeySchema, header);
}
