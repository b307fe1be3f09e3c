import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';

const maxDepth = 24;
const maxNodes = 5000;

function flaw(document: unknown): string | undefined {
  let nodes = 0;
  function walk(value: unknown, depth: number): string | undefined {
    nodes += 1;
    if (nodes > maxNodes) return `must hold at most ${maxNodes} values`;
    if (depth > maxDepth) return `must not nest deeper than ${maxDepth} levels`;
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [key, child] of Object.entries(value)) {
      if (key.startsWith('$')) return `must not hold "${key}": MongoDB's $jsonSchema knows no keyword that begins with "$"`;
      if (key.includes('\0')) return 'must not hold a field name with a NUL character: MongoDB cannot store it';
      const found = walk(child, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return walk(document, 0);
}

/** A document for MongoDB's `$jsonSchema`: bounded JSON without `$` keys. mongod itself judges the keywords. */
export const jsonSchemaDocument = z
  .record(z.string(), z.unknown())
  .superRefine((document, context) => {
    const message = flaw(document);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  // Only what is known to be shallow, for this descends by recursion.
  .pipe(z.record(z.string(), jsonValueSchema))
  .meta({
    description: `Every write is validated against it by mongod. At most ${maxNodes} values, nested at most ${maxDepth} deep; no field name in it begins with "$" or holds a NUL.`,
  });
