import { z } from 'zod';
import { digestSchema, uidSchema } from '../identifiers.ts';

/**
 * One leaf of the log: the place of one entry in its tenant's sequence. Its RFC 8785 form is hashed into the tree, so
 * the bytes are frozen: a new field must be optional, and no field may change its meaning or be removed.
 */
export const logLeafSchema = z
  .strictObject({
    v: z.literal(1),
    tenant: uidSchema.optional().meta({
      description: 'Absent if the entry concerns no single tenant; such entries have a sequence of their own.',
    }),
    sequence: z.int().positive().meta({ description: 'Place in the tenant’s sequence, from 1, without gaps.' }),
    previous: digestSchema
      .optional()
      .meta({ description: 'RFC 6962 hash of the previous leaf of this sequence. Absent in the first.' }),
    entry: digestSchema.meta({ description: 'SHA-256 of the entry’s bytes.' }),
  })
  .meta({ title: 'LogLeaf' });

export type LogLeaf = z.infer<typeof logLeafSchema>;
