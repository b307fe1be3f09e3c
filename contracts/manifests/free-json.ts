/** An error and its path, relative to the checked value. */
export interface Flaw {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface FreeJsonBounds {
  readonly maxDepth: number;
  readonly maxValues: number;
  /** Returns the error of a field name; names with NUL are always rejected. */
  readonly flawOfKey?: (key: string) => string | undefined;
}

/** Why JSON is too large to process or cannot be stored in MongoDB. Never descends deeper than the limit. */
export function freeJsonFlaw(document: unknown, { maxDepth, maxValues, flawOfKey }: FreeJsonBounds): Flaw | undefined {
  let values = 0;
  function walk(value: unknown, path: readonly PropertyKey[]): Flaw | undefined {
    values += 1;
    if (values > maxValues) return { path: [], message: `must contain at most ${maxValues} values` };
    if (path.length > maxDepth) return { path, message: `must not be nested deeper than ${maxDepth} levels` };
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [key, child] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      const message = key.includes('\0')
        ? 'must not have a NUL character in its name: MongoDB cannot store it'
        : flawOfKey?.(key);
      if (message !== undefined) return { path: at, message };
      const found = walk(child, at);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return walk(document, []);
}
