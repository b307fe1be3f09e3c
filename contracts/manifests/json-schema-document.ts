import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';
import { freeJsonFlaw } from './free-json.ts';
import { jsonSchemaFlaws } from './json-schema-flaws.ts';

const maxDepth = 24;
const maxValues = 5000;

const flawOfKey = (key: string): string | undefined =>
  key.startsWith('$') ? `is not allowed: MongoDB's $jsonSchema has no keywords that start with "$"` : undefined;

/** A stored document for MongoDB's `$jsonSchema`: bounded JSON without `$` keys. */
export const jsonSchemaDocument = z
  .record(z.string(), z.unknown())
  .superRefine((document, context) => {
    const found = freeJsonFlaw(document, { maxDepth, maxValues, flawOfKey });
    // Stop here: later checks are recursive and must not see a document that may be too deep.
    if (found !== undefined)
      context.addIssue({ code: 'custom', message: found.message, path: [...found.path], continue: false });
  })
  // This check is recursive, so it runs only after the depth has been checked.
  .pipe(z.record(z.string(), jsonValueSchema))
  .meta({
    description: `JSON Schema that mongod applies to every write. At most ${maxValues} values, nested at most ${maxDepth} deep. Field names must not start with "$" or contain NUL.`,
  });

/** The same document in a manifest, where every keyword must be one that MongoDB accepts. */
export const declaredJsonSchemaDocument = jsonSchemaDocument
  .superRefine((document, context) => {
    for (const { path, message } of jsonSchemaFlaws(document))
      context.addIssue({ code: 'custom', message, path: [...path] });
  })
  .meta({
    description: `JSON Schema that mongod applies to every write. mongod supports the keywords of draft 4 without references, and bsonType. At most ${maxValues} values, nested at most ${maxDepth} deep. Field names must not start with "$" or contain NUL.`,
  });
