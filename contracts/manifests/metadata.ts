import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from '../identifiers.ts';

/** The one storage and wire version of every manifest; later versions are read beside it. */
export const apiVersion = 'tenure/v1';

export const labelKeySchema = z
  .string()
  .regex(/^[a-z]([-a-z0-9_./]{0,61}[a-z0-9])?$/, 'must be a lower-case label key of at most 63 characters');

const maxEntries = 64;
const fewEnough = (entries: object): boolean => Object.keys(entries).length <= maxEntries;

/** What a user may write under `metadata`. */
export const metadataInputSchema = z.strictObject({
  name: nameSchema.meta({ description: 'A DNS label that begins with a letter; free again after a purge.' }),
  labels: z
    .record(labelKeySchema, z.string().max(63))
    .refine(fewEnough, `must hold at most ${maxEntries} labels`)
    .optional()
    .meta({ description: 'Short facts to select by.', maxProperties: maxEntries }),
  annotations: z
    .record(labelKeySchema, z.string().max(4096))
    .refine(fewEnough, `must hold at most ${maxEntries} annotations`)
    .optional()
    .meta({ description: 'Notes for people and programs; never selected by.', maxProperties: maxEntries }),
});

/** `metadata` as it is read: what the plane adds is output only. */
export const metadataSchema = metadataInputSchema.extend({
  uid: uidSchema.meta({ description: 'Never changes and is never given out twice.' }),
  generation: z
    .int()
    .positive()
    .meta({ description: 'Counts what was declared (labels, annotations, spec); keys the revisions.' }),
  revision: z.int().positive().meta({ description: 'Counts changes of spec and conditions; the ETag.' }),
  createTime: timeSchema.meta({ description: 'When it was first declared.' }),
  updateTime: timeSchema.meta({ description: 'When the revision was written.' }),
});

export type Metadata = z.infer<typeof metadataSchema>;

const outputOnlyMetadata = { uid: true, generation: true, revision: true, createTime: true, updateTime: true } as const;

/**
 * Accepts what `get -o yaml` printed, of today or of an earlier generation: output-only fields may be present in what is applied. A
 * `revision` says which state the manifest was made from, and only that one is changed; the others are ignored. Anything else unknown is an error.
 */
const appliedMetadataSchema = metadataSchema.partial(outputOnlyMetadata).extend({
  revision: z.int().positive().optional().meta({
    description:
      'The state that the manifest was made from. Where another stands, and the manifest would change it, it is refused.',
  }),
  time: timeSchema.optional().meta({ description: 'Of an earlier generation.' }),
});

/** What every manifest has beside its spec. */
export const manifestField = {
  apiVersion: z.literal(apiVersion).meta({ description: 'Version of the form.' }),
  kind: <Kind extends string>(kind: Kind) => z.literal(kind).meta({ description: 'What is declared.' }),
  metadata: appliedMetadataSchema.meta({ description: 'Name, labels and annotations.' }),
  status: z
    .unknown()
    .optional()
    .meta({ description: 'How it stands. Tenure fills it in; in a manifest it is ignored.' }),
} as const;
