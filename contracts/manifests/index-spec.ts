import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';
import { filterFlaw } from './partial-filter.ts';

// In the schema that others read, `\0` would be no NUL to every engine.
// oxlint-disable-next-line no-control-regex -- it is about NUL
const isPath = /^(?:(?:[^.$\x00][^.\x00]*\.)*\$\*\*|[^.$\x00][^.\x00]*(?:\.[^.$\x00][^.\x00]*)*)$/;

// oxlint-disable-next-line no-control-regex -- it is about NUL
const isField = /^[^.$\x00][^.\x00]*$/;

const fieldPath = z
  .string()
  .min(1)
  .max(128)
  .regex(
    isPath,
    'must be a field path without empty parts, without parts that begin with "$" (but for a last part "$**", which is every field below) and without NUL',
  );

/** A text index is about one of these, or about none. */
const languages = [
  'none',
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'hungarian',
  'italian',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'spanish',
  'swedish',
  'turkish',
  'da',
  'nl',
  'en',
  'fi',
  'fr',
  'de',
  'hu',
  'it',
  'nb',
  'pt',
  'ro',
  'ru',
  'es',
  'sv',
  'tr',
] as const;

const collationSchema = z
  .strictObject({
    locale: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z_@=]+$/, 'must be a locale as MongoDB names it, such as "de" or "de@collation=phonebook"')
      .meta({ description: 'As MongoDB names it, such as de; simple is the order of bytes.' }),
    strength: z.int().min(1).max(5).optional().meta({ description: 'Which differences count; 3 when absent.' }),
    caseLevel: z.boolean().optional().meta({ description: 'Whether case counts at strength 1 and 2.' }),
    caseFirst: z.enum(['upper', 'lower', 'off']).optional().meta({ description: 'Which case comes first.' }),
    numericOrdering: z.boolean().optional().meta({ description: 'Whether digits are compared as numbers.' }),
    alternate: z
      .enum(['non-ignorable', 'shifted'])
      .optional()
      .meta({ description: 'Whether spaces and punctuation count: non-ignorable, or shifted, which leaves them out.' }),
    maxVariable: z
      .enum(['punct', 'space'])
      .optional()
      .meta({ description: 'What shifted leaves out: spaces and punctuation, or spaces.' }),
    normalization: z.boolean().optional().meta({ description: 'Whether text is brought to one Unicode form first.' }),
    backwards: z.boolean().optional().meta({ description: 'Whether accents are compared from the end.' }),
  })
  .meta({ description: 'How strings are compared. A query uses the index only when it asks for the same.' });

const maxFilterDepth = 16;
const maxFilterValues = 500;

const partialFilterSchema = z
  .record(z.string(), z.unknown())
  .superRefine((filter, context) => {
    const found = filterFlaw(filter, { maxDepth: maxFilterDepth, maxValues: maxFilterValues });
    if (found !== undefined)
      context.addIssue({ code: 'custom', message: found.message, path: [...found.path], continue: false });
  })
  // Only what is known to be shallow, for this descends by recursion.
  .pipe(z.record(z.string(), jsonValueSchema))
  .meta({
    description: `Only documents that fit it are in the index. JSON with the operators that MongoDB takes here; at most ${maxFilterValues} values, nested at most ${maxFilterDepth} deep.`,
  });

/** An index of a collection. Options have MongoDB's own names. */
export const indexSpecSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(120)
      .regex(/^[A-Za-z0-9_.-]+$/)
      .optional()
      .meta({ description: 'Derived from the keys when absent.' }),
    keys: z
      .array(
        z.strictObject({
          field: fieldPath.meta({
            description: 'Path of a field, such as address.city; $** is every field, address.$** every one below.',
          }),
          order: z
            .literal([1, -1, 'text', 'hashed', '2dsphere', '2d'])
            .default(1)
            .meta({ description: 'Ascending, descending, or the kind of index.' }),
        }),
      )
      .min(1)
      .max(32)
      .meta({ description: 'In index order.' }),
    unique: z.boolean().optional().meta({ description: 'No two documents have the same values.' }),
    sparse: z.boolean().optional().meta({ description: 'Documents without the field are left out.' }),
    expireAfterSeconds: z
      .int()
      .min(0)
      .max(2_147_483_647)
      .optional()
      .meta({ description: 'A document goes so long after the time in the field. A change of it rebuilds nothing.' }),
    partialFilterExpression: partialFilterSchema.optional(),
    collation: collationSchema.optional(),
    hidden: z
      .boolean()
      .optional()
      .meta({ description: 'Kept, but used by no query. A change of it rebuilds nothing.' }),
    weights: z
      .record(fieldPath, z.int().min(1).max(99_999))
      .refine((weights) => Object.keys(weights).length <= 64, 'must hold at most 64 weights')
      .optional()
      .meta({ description: 'Of the fields of a text index; 1 for one that is not named.', maxProperties: 64 }),
    default_language: z.enum(languages).optional().meta({ description: 'Of a text index; english when absent.' }),
    language_override: z
      .string()
      .min(1)
      .max(128)
      .regex(isField, 'must be the name of one field')
      .optional()
      .meta({ description: 'Of a text index: the field that names a document’s language; language when absent.' }),
    wildcardProjection: z
      .record(fieldPath, z.literal([0, 1, true, false]))
      .refine((fields) => Object.keys(fields).length <= 64, 'must hold at most 64 fields')
      .optional()
      .meta({
        description: 'Of an index on $**: the fields that are in it, or those that are not.',
        maxProperties: 64,
      }),
    bits: z.int().min(1).max(32).optional().meta({ description: 'Of a 2d index: its precision.' }),
    min: z.number().optional().meta({ description: 'Of a 2d index: the least coordinate.' }),
    max: z.number().optional().meta({ description: 'Of a 2d index: the greatest coordinate.' }),
  })
  .refine((index) => new Set(index.keys.map((key) => key.field)).size === index.keys.length, {
    message: 'must not name a field twice',
    path: ['keys'],
  })
  .meta({ description: 'No field is named twice.' });

export type IndexSpec = z.infer<typeof indexSpecSchema>;

/** MongoDB's own default name of an index, unless the manifest names it. */
export function indexName(index: Pick<IndexSpec, 'name' | 'keys'>): string {
  return index.name ?? index.keys.map((key) => `${key.field}_${key.order}`).join('_');
}

/** The name of the index on `_id`, which mongod makes with the collection and by no other name. */
export const idIndexName = '_id_';

/** The name under which mongod has the index. */
export function nameOnCell(index: IndexSpec): string {
  const { keys, name: _name, ...options } = index;
  const [first] = keys;
  const isIdIndex =
    keys.length === 1 && first?.field === '_id' && first.order === 1 && Object.keys(options).length === 0;
  return isIdIndex ? idIndexName : indexName(index);
}
