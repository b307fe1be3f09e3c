import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from '../identifiers.ts';

/** The only storage and wire version of manifests. Later versions will be read in addition to it. */
export const apiVersion = 'tenure/v1';

export const labelKeySchema = z
  .string()
  .regex(/^[a-z]([-a-z0-9_./]{0,61}[a-z0-9])?$/, 'must be a lower-case label key of at most 63 characters');

const maxEntries = 64;
const fewEnough = (entries: object): boolean => Object.keys(entries).length <= maxEntries;

/** What a user may write under `metadata`. */
export const metadataInputSchema = z.strictObject({
  name: nameSchema.meta({ description: 'DNS label that starts with a letter. It can be reused after a purge.' }),
  labels: z
    .record(labelKeySchema, z.string().max(63))
    .refine(fewEnough, `must contain at most ${maxEntries} labels`)
    .optional()
    .meta({ description: 'Short key-value pairs for selecting resources.', maxProperties: maxEntries }),
  annotations: z
    .record(labelKeySchema, z.string().max(4096))
    .refine(fewEnough, `must contain at most ${maxEntries} annotations`)
    .optional()
    .meta({
      description: 'Notes for people and programs. They cannot be used for selection.',
      maxProperties: maxEntries,
    }),
});

/** `metadata` as it is read. The fields that the plane adds are output-only. */
export const metadataSchema = metadataInputSchema.extend({
  uid: uidSchema.meta({ description: 'Unique id. It never changes and is never reused.' }),
  generation: z.int().positive().meta({
    description:
      'Number of the declaration: increases when labels, annotations or spec change. Identifies the revision.',
  }),
  revision: z
    .int()
    .positive()
    .meta({ description: 'Increases with every change of spec or conditions. Used as the ETag.' }),
  createTime: timeSchema.meta({ description: 'When the resource was first declared.' }),
  updateTime: timeSchema.meta({ description: 'When the current revision was written.' }),
});

export type Metadata = z.infer<typeof metadataSchema>;

const outputOnlyMetadata = { uid: true, generation: true, revision: true, createTime: true, updateTime: true } as const;

/**
 * Accepts the output of `get -o yaml`, for the current or an earlier generation: output-only fields may be present in
 * an applied manifest. `revision` names the state on which the manifest is based, and only that state is changed. The
 * other output-only fields are ignored. Any other unknown field is an error.
 */
const appliedMetadataSchema = metadataSchema.partial(outputOnlyMetadata).extend({
  revision: z.int().positive().optional().meta({
    description:
      'The revision on which the manifest is based. If the resource has another revision and the manifest would change it, the request is refused.',
  }),
  time: timeSchema.optional().meta({ description: 'Time of an earlier generation. Ignored in a manifest.' }),
});

/** The fields of every manifest besides its spec. */
export const manifestField = {
  apiVersion: z.literal(apiVersion).meta({ description: 'Version of the manifest format.' }),
  kind: <Kind extends string>(kind: Kind) => z.literal(kind).meta({ description: 'Kind of the resource.' }),
  metadata: appliedMetadataSchema.meta({ description: 'Name, labels and annotations.' }),
  status: z.unknown().optional().meta({ description: 'Observed status, set by Tenure. Ignored in a manifest.' }),
} as const;
