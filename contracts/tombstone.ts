import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { placementStatusSchema } from './manifests/tenant.ts';

/** The record that remains of a purged tenant. */
export const tombstoneSchema = z
  .strictObject({
    uid: uidSchema,
    name: nameSchema.meta({ description: 'A new tenant may already use this name.' }),
    createTime: timeSchema,
    deleteTime: timeSchema,
    purgeTime: timeSchema,
    generation: z.int().positive().meta({ description: 'Last generation. Its revisions are kept.' }),
    placement: placementStatusSchema.optional().meta({ description: 'Where the data was stored.' }),
    operationId: uidSchema,
    ledgerEntry: uidSchema.meta({ description: 'Ledger entry that committed the purge.' }),
  })
  .meta({ title: 'Tombstone' });

export type Tombstone = z.infer<typeof tombstoneSchema>;
