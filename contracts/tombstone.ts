import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { placementStatusSchema } from './manifests/tenant.ts';

/** What is left of a purged tenant. */
export const tombstoneSchema = z
  .strictObject({
    uid: uidSchema,
    name: nameSchema.meta({ description: 'It may name another tenant by now.' }),
    createTime: timeSchema,
    deleteTime: timeSchema,
    purgeTime: timeSchema,
    generation: z.int().positive().meta({ description: 'The last one; its revisions are kept.' }),
    placement: placementStatusSchema.optional().meta({ description: 'Where its data was.' }),
    operationId: uidSchema,
    ledgerEntry: uidSchema.meta({ description: 'The entry that committed the purge.' }),
  })
  .meta({ title: 'Tombstone' });

export type Tombstone = z.infer<typeof tombstoneSchema>;
