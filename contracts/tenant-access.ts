import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';

/**
 * Access to one tenant's database, for as long as the lease lasts. The holder stops using it when the lease has run out
 * by its own clock, counted from before it asked; renewing is asking again with the lease's id.
 */
export const tenantAccessSchema = z
  .strictObject({
    tenant: z.strictObject({ uid: uidSchema, name: nameSchema }),
    lease: z.strictObject({
      id: uidSchema,
      epoch: z.int().positive(),
      durationMs: z.int().positive(),
      expireTime: timeSchema,
    }),
    region: nameSchema,
    cell: nameSchema,
    endpoint: z.string().meta({ description: 'mongodb:// address without credentials.' }),
    database: z
      .string()
      .meta({ description: 'Where the user is; the database of the tenant’s own, where it has one.' }),
    collections: z.array(z.string()),
    namespaces: z
      .array(z.strictObject({ collection: z.string(), database: z.string(), name: z.string() }))
      .optional()
      .meta({
        description:
          'Where each collection is. Absent from servers that know only mode dedicated: in "database", by its own name.',
      }),
    credential: z.strictObject({ username: z.string(), password: z.string(), authSource: z.string() }),
  })
  .meta({ title: 'TenantAccess' });

export const openTenantBodySchema = z
  .strictObject({ leaseId: uidSchema.optional().meta({ description: 'The lease to renew; absent: a new one.' }) })
  .meta({ title: 'OpenTenantRequest' });

export type TenantAccess = z.infer<typeof tenantAccessSchema>;
