import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';

const maxDepth = 24;
const maxNodes = 5000;

interface Flaw {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function flaw(document: unknown): Flaw | undefined {
  let nodes = 0;
  function walk(value: unknown, path: readonly PropertyKey[]): Flaw | undefined {
    nodes += 1;
    if (nodes > maxNodes) return { path: [], message: `must hold at most ${maxNodes} values` };
    if (path.length > maxDepth) return { path, message: `must not nest deeper than ${maxDepth} levels` };
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [key, child] of Object.entries(value)) {
      const at = [...path, Array.isArray(value) ? Number(key) : key];
      if (key.startsWith('$')) return { path: at, message: `must not hold "${key}": MongoDB's $jsonSchema knows no keyword that begins with "$"` };
      if (key.includes('\0')) return { path: at, message: 'must not hold a field name with a NUL character: MongoDB cannot store it' };
      const found = walk(child, at);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return walk(document, []);
}

/** A document for MongoDB's `$jsonSchema`: bounded JSON without `$` keys. */
export const jsonSchemaDocument = z
  .record(z.string(), z.unknown())
  .superRefine((document, context) => {
    const found = flaw(document);
    if (found !== undefined) context.addIssue({ code: 'custom', ...found, path: [...found.path] });
  })
  // Only what is known to be shallow, for this descends by recursion.
  .pipe(z.record(z.string(), jsonValueSchema))
  .meta({
    description: `Every write is validated against it by mongod. At most ${maxNodes} values, nested at most ${maxDepth} deep; no field name in it begins with "$" or holds a NUL.`,
  });
