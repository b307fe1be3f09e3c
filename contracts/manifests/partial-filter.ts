import { freeJsonFlaw } from './free-json.ts';
import type { Flaw, FreeJsonBounds } from './free-json.ts';

/** Operators that MongoDB allows in the filter of a partial index. */
const operators: ReadonlySet<string> = new Set([
  '$eq',
  '$exists',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$type',
  '$in',
  '$all',
]);
const combinations: ReadonlySet<string> = new Set(['$and', '$or']);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function conditionFlaw(condition: unknown, path: readonly PropertyKey[]): Flaw | undefined {
  if (!isObject(condition) || !(Object.keys(condition)[0] ?? '').startsWith('$')) return undefined;
  for (const [operator, value] of Object.entries(condition)) {
    const at = [...path, operator];
    if (!operators.has(operator))
      return {
        path: at,
        message: `is not an operator that MongoDB allows in the filter of a partial index; allowed are ${[...operators].join(', ')}`,
      };
    if (operator === '$exists' && value !== true)
      return { path: at, message: 'must be true: a partial index cannot select documents without a field' };
    if ((operator === '$in' || operator === '$all') && !Array.isArray(value))
      return { path: at, message: 'must be a list' };
  }
  return undefined;
}

/** Why MongoDB rejects the filter of a partial index, or why it is too large. */
export function filterFlaw(filter: Readonly<Record<string, unknown>>, bounds: FreeJsonBounds): Flaw | undefined {
  function walk(part: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]): Flaw | undefined {
    for (const [key, value] of Object.entries(part)) {
      const at = [...path, key];
      if (!key.startsWith('$')) {
        const found = conditionFlaw(value, at);
        if (found !== undefined) return found;
        continue;
      }
      if (!combinations.has(key))
        return {
          path: at,
          message: 'is not an operator that MongoDB allows here: name a field, or combine filters with $and or $or',
        };
      if (!Array.isArray(value) || value.length === 0) return { path: at, message: 'must be a list of filters' };
      for (const [place, nested] of (value as readonly unknown[]).entries()) {
        const found = isObject(nested)
          ? walk(nested, [...at, place])
          : { path: [...at, place], message: 'must be a filter' };
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
  return freeJsonFlaw(filter, bounds) ?? walk(filter, []);
}
