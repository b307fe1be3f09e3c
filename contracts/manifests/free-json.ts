/** What is wrong, and where below the value that was looked at. */
export interface Flaw {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export interface FreeJsonBounds {
  readonly maxDepth: number;
  readonly maxValues: number;
  /** What is wrong with a field name, besides a NUL in it. */
  readonly flawOfKey?: (key: string) => string | undefined;
}

/** Why any JSON is too large to be looked at, or cannot be stored by MongoDB. It descends no deeper than is allowed. */
export function freeJsonFlaw(document: unknown, { maxDepth, maxValues, flawOfKey }: FreeJsonBounds): Flaw | undefined {
  let values = 0;
  function walk(value: unknown, path: readonly PropertyKey[]): Flaw | undefined {
    values += 1;
    if (values > maxValues) return { path: [], message: `must hold at most ${maxValues} values` };
    if (path.length > maxDepth) return { path, message: `must not nest deeper than ${maxDepth} levels` };
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
