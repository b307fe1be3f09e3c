import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';
import { freeJsonFlaw } from './free-json.ts';
import { jsonSchemaFlaws } from './json-schema-flaws.ts';

const maxDepth = 24;
const maxValues = 5000;

const flawOfKey = (key: string): string | undefined =>
  key.startsWith('$') ? `must not be there: MongoDB's $jsonSchema knows no keyword that begins with "$"` : undefined;

/** A document for MongoDB's `$jsonSchema`, as it stands: bounded JSON without `$` keys. */
export const jsonSchemaDocument = z
  .record(z.string(), z.unknown())
  .superRefine((document, context) => {
    const found = freeJsonFlaw(document, { maxDepth, maxValues, flawOfKey });
    // Nothing further looks at what may be too deep.
    if (found !== undefined)
      context.addIssue({ code: 'custom', message: found.message, path: [...found.path], continue: false });
  })
  // Only what is known to be shallow, for this descends by recursion.
  .pipe(z.record(z.string(), jsonValueSchema))
  .meta({
    description: `Every write is validated against it by mongod. At most ${maxValues} values, nested at most ${maxDepth} deep; no field name in it begins with "$" or holds a NUL.`,
  });

/** The same as it is declared: MongoDB takes every keyword of it. */
export const declaredJsonSchemaDocument = jsonSchemaDocument
  .superRefine((document, context) => {
    for (const { path, message } of jsonSchemaFlaws(document))
      context.addIssue({ code: 'custom', message, path: [...path] });
  })
  .meta({
    description: `Every write is validated against it by mongod, which knows the keywords of draft 4 without references, and bsonType. At most ${maxValues} values, nested at most ${maxDepth} deep; no field name in it begins with "$" or holds a NUL.`,
  });
