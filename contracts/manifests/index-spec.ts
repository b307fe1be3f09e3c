import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';
import { filterFlaw } from './partial-filter.ts';

// Not `\0`: other regex engines, which read the generated schema, do not all treat it as NUL.
// oxlint-disable-next-line no-control-regex -- must match NUL
const isPath = /^(?:(?:[^.$\x00][^.\x00]*\.)*\$\*\*|[^.$\x00][^.\x00]*(?:\.[^.$\x00][^.\x00]*)*)$/;

// oxlint-disable-next-line no-control-regex -- must match NUL
const isField = /^[^.$\x00][^.\x00]*$/;

const fieldPath = z
  .string()
  .min(1)
  .max(128)
  .regex(
    isPath,
    'must be a field path without empty parts, without NUL, and without parts that start with "$" (except a last part "$**", which means every field below)',
  );

/** The languages of text indexes, including `none`. */
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
      .regex(/^[A-Za-z_@=]+$/, 'must be a MongoDB locale, such as "de" or "de@collation=phonebook"')
      .meta({ description: 'MongoDB locale, such as de. simple compares binary.' }),
    strength: z
      .int()
      .min(1)
      .max(5)
      .optional()
      .meta({ description: 'Level of comparison: which differences count. Default: 3.' }),
    caseLevel: z.boolean().optional().meta({ description: 'Whether to compare case at strength 1 and 2.' }),
    caseFirst: z.enum(['upper', 'lower', 'off']).optional().meta({ description: 'Which case sorts first.' }),
    numericOrdering: z.boolean().optional().meta({ description: 'Whether to compare digits as numbers.' }),
    alternate: z
      .enum(['non-ignorable', 'shifted'])
      .optional()
      .meta({ description: 'Whether spaces and punctuation count (non-ignorable) or are ignored (shifted).' }),
    maxVariable: z
      .enum(['punct', 'space'])
      .optional()
      .meta({ description: 'What shifted ignores: spaces and punctuation (punct), or only spaces (space).' }),
    normalization: z
      .boolean()
      .optional()
      .meta({ description: 'Whether to normalize text to one Unicode form before comparing.' }),
    backwards: z.boolean().optional().meta({ description: 'Whether to compare accents from the end of the string.' }),
  })
  .meta({ description: 'How strings are compared. A query uses the index only if it specifies the same collation.' });

const maxFilterDepth = 16;
const maxFilterValues = 500;

const partialFilterSchema = z
  .record(z.string(), z.unknown())
  .superRefine((filter, context) => {
    const found = filterFlaw(filter, { maxDepth: maxFilterDepth, maxValues: maxFilterValues });
    if (found !== undefined)
      context.addIssue({ code: 'custom', message: found.message, path: [...found.path], continue: false });
  })
  // This check is recursive, so it runs only after the depth has been checked.
  .pipe(z.record(z.string(), jsonValueSchema))
  .meta({
    description: `The index contains only documents that match this filter. JSON with the operators that MongoDB allows here; at most ${maxFilterValues} values, nested at most ${maxFilterDepth} deep.`,
  });

/** An index of a collection. Options have the same names as in MongoDB. */
export const indexSpecSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(120)
      .regex(/^[A-Za-z0-9_.-]+$/)
      .optional()
      .meta({ description: 'Name of the index. Default: derived from the keys.' }),
    keys: z
      .array(
        z.strictObject({
          field: fieldPath.meta({
            description:
              'Path of a field, such as address.city. $** means every field, address.$** every field below address.',
          }),
          order: z
            .literal([1, -1, 'text', 'hashed', '2dsphere', '2d'])
            .default(1)
            .meta({ description: 'Ascending (1), descending (-1), or the kind of index.' }),
        }),
      )
      .min(1)
      .max(32)
      .meta({ description: 'Fields of the index, in order.' }),
    unique: z.boolean().optional().meta({ description: 'Whether the index rejects duplicate values.' }),
    sparse: z.boolean().optional().meta({ description: 'Whether the index skips documents without the field.' }),
    expireAfterSeconds: z.int().min(0).max(2_147_483_647).optional().meta({
      description:
        'Documents are deleted this many seconds after the time in the field. A change does not rebuild the index.',
    }),
    partialFilterExpression: partialFilterSchema.optional(),
    collation: collationSchema.optional(),
    hidden: z.boolean().optional().meta({
      description: 'Whether queries ignore the index, which is still maintained. A change does not rebuild the index.',
    }),
    weights: z
      .record(fieldPath, z.int().min(1).max(99_999))
      .refine((weights) => Object.keys(weights).length <= 64, 'must contain at most 64 weights')
      .optional()
      .meta({ description: 'Text index only: weights of its fields. Default: 1.', maxProperties: 64 }),
    default_language: z.enum(languages).optional().meta({ description: 'Text index only. Default: english.' }),
    language_override: z
      .string()
      .min(1)
      .max(128)
      .regex(isField, 'must be the name of one field')
      .optional()
      .meta({ description: 'Text index only: the field that holds the language of a document. Default: language.' }),
    wildcardProjection: z
      .record(fieldPath, z.literal([0, 1, true, false]))
      .refine((fields) => Object.keys(fields).length <= 64, 'must contain at most 64 fields')
      .optional()
      .meta({
        description: 'Index on $** only: the fields to include, or the fields to exclude.',
        maxProperties: 64,
      }),
    bits: z.int().min(1).max(32).optional().meta({ description: '2d index only: its precision.' }),
    min: z.number().optional().meta({ description: '2d index only: the lowest coordinate.' }),
    max: z.number().optional().meta({ description: '2d index only: the highest coordinate.' }),
  })
  .refine((index) => new Set(index.keys.map((key) => key.field)).size === index.keys.length, {
    message: 'must not name a field twice',
    path: ['keys'],
  })
  .meta({ description: 'Each field is named only once.' });

export type IndexSpec = z.infer<typeof indexSpecSchema>;

/** The name in the manifest, or else MongoDB's default name. */
export function indexName(index: Pick<IndexSpec, 'name' | 'keys'>): string {
  return index.name ?? index.keys.map((key) => `${key.field}_${key.order}`).join('_');
}

/** The name of the index on `_id`. mongod creates it with the collection, always under this name. */
export const idIndexName = '_id_';

/** The name of the index in mongod. */
export function nameOnCell(index: IndexSpec): string {
  const { keys, name: _name, ...options } = index;
  const [first] = keys;
  const isIdIndex =
    keys.length === 1 && first?.field === '_id' && first.order === 1 && Object.keys(options).length === 0;
  return isIdIndex ? idIndexName : indexName(index);
}
