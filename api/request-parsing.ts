import type { z } from 'zod';
import type { ProblemDetail } from '../contracts/problem-document.ts';
import { idempotencyKeySchema, ifMatchSchema, ifNoneMatchSchema } from '../contracts/request-headers.ts';
import { jsonPointer } from '../domain/json-pointer.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Precondition } from '../engines/registry/precondition.ts';

const maxDepth = 64;

/** The flaws that zod found, each with its JSON pointer; an unknown field is one flaw with its own pointer. */
function flawsOf(error: z.ZodError): ProblemDetail[] {
  return error.issues.flatMap((issue): ProblemDetail[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ pointer: jsonPointer([...issue.path, key]), message: `unknown field "${key}"`, fix: 'Remove it, or correct its spelling.' }));
    }
    if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ pointer: jsonPointer(issue.path), message: `the name of this field ${message}` }));
    const allowed = issue.code === 'invalid_value' ? { allowed: issue.values.map(String) } : {};
    return [{ pointer: jsonPointer(issue.path), message: issue.message, ...allowed }];
  });
}

/** One is JavaScript's own; by the other the MongoDB driver takes an object for a value of its own types. */
const reservedNames: ReadonlySet<string> = new Set(['__proto__', '_bsontype']);

/** Refuses what no later code should meet: nesting that exhausts a stack, strings that are not Unicode, numbers beyond all numbers, and names that are not data or cannot be stored. */
function requireSoundJson(value: unknown): void {
  const pending: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > maxDepth) {
      throw new TenureError('request_invalid', `the body nests deeper than ${maxDepth} levels`, { errors: [{ pointer: next.path, message: `nests deeper than ${maxDepth} levels` }] });
    }
    if (typeof next.value === 'string' && !next.value.isWellFormed()) {
      throw new TenureError('request_invalid', 'a string is not well-formed Unicode', { errors: [{ pointer: next.path, message: 'holds half of a surrogate pair' }] });
    }
    if (typeof next.value === 'number' && !Number.isFinite(next.value)) {
      throw new TenureError('request_invalid', 'a number is too large', { errors: [{ pointer: next.path, message: 'is beyond what a number here can be' }] });
    }
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const [key, child] of Object.entries(next.value)) {
      if (reservedNames.has(key)) throw new TenureError('request_invalid', 'a field name is not acceptable', { errors: [{ pointer: next.path, message: `no field may be called "${key}"` }] });
      if (!key.isWellFormed()) throw new TenureError('request_invalid', 'a field name is not acceptable', { errors: [{ pointer: next.path, message: 'a field name here holds half of a surrogate pair' }] });
      if (key.includes('\0')) throw new TenureError('request_invalid', 'a field name is not acceptable', { errors: [{ pointer: `${next.path}${jsonPointer([key])}`, message: 'a field name holds a NUL character, which MongoDB does not store' }] });
      pending.push({ value: child, path: `${next.path}${jsonPointer([key])}`, depth: next.depth + 1 });
    }
  }
}

/** @throws TenureError request_invalid, with every flaw */
export function parsePart<Schema extends z.ZodType>(part: 'path' | 'query' | 'body', schema: Schema, value: unknown): z.infer<Schema> {
  requireSoundJson(value);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = flawsOf(parsed.error);
  throw new TenureError('request_invalid', `the ${part} is not valid: ${errors.map((flaw) => `${flaw.pointer ?? ''} ${flaw.message}`.trim()).join('; ')}`, { errors });
}

export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** @throws TenureError request_invalid */
function parseHeader<Schema extends z.ZodType>(schema: Schema, value: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TenureError('request_invalid', parsed.error.issues.map(({ message }) => message).join('; '));
}

/** Reads If-Match and If-None-Match. @throws TenureError request_invalid */
export function readPrecondition(ifMatch: string | undefined, ifNoneMatch: string | undefined): Precondition | undefined {
  if (ifMatch !== undefined && ifNoneMatch !== undefined) throw new TenureError('request_invalid', 'send If-Match or If-None-Match, not both');
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
export function readIdempotencyKey(header: string | undefined, rule: 'required' | 'optional' | 'none'): string | undefined {
  if (rule === 'none') return undefined;
  if (rule === 'required' && (header === undefined || header === '')) throw new TenureError('idempotency_key_missing', 'this route changes something and may be repeated only under a key');
  // An empty one is a client's mistake, and is told: it means to repeat, and would do so under no key.
  return header === undefined ? undefined : parseHeader(idempotencyKeySchema, header);
}
