import type { TenantDifference } from '../contracts/tenant-revision.ts';

/** The RFC 6901 pointer of a path; the root is the empty string. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

type Change = TenantDifference['changes'][number];
type Json = NonNullable<Change['before']> | null;
type JsonObject = Readonly<Record<string, Json>>;

const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Array elements are compared position by position. */
function childrenOf(value: Json): JsonObject | undefined {
  if (Array.isArray(value)) return Object.fromEntries(value.entries());
  return isObject(value) ? value : undefined;
}

/**
 * The differences between two JSON values: the smallest parts, each with its pointer, in document order with names
 * sorted by code units. A part that only one of them has is reported as a whole.
 */
export function jsonDifference(before: unknown, after: unknown): Change[] {
  function compare(path: readonly string[], from: Json, to: Json): Change[] {
    if (from === to) return [];
    const [left, right] = [childrenOf(from), childrenOf(to)];
    if (left === undefined || right === undefined || Array.isArray(from) !== Array.isArray(to))
      return [{ pointer: jsonPointer(path), before: from, after: to }];
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
    const ordered = Array.isArray(from) ? keys : keys.toSorted();
    return ordered.flatMap((key) => {
      const childPath = [...path, key];
      // Own fields only: "constructor" is a valid label key.
      const [inLeft, inRight] = [Object.hasOwn(left, key), Object.hasOwn(right, key)];
      if (inLeft && inRight) return compare(childPath, left[key] as Json, right[key] as Json);
      return [{ pointer: jsonPointer(childPath), ...(inLeft ? { before: left[key] } : { after: right[key] }) }];
    });
  }
  return compare([], before as Json, after as Json);
}
