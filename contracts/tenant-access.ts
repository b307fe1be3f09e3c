import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';

/**
 * Access to one tenant's database while the lease is valid. The holder must stop using it when the lease has expired by
 * its own clock, counted from before the request. To renew the lease, send the request again with the lease id.
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
    endpoint: z.string().meta({ description: 'mongodb:// URL without credentials.' }),
    database: z
      .string()
      .meta({ description: 'Database of the user. This is the tenant’s own database, if it has one.' }),
    collections: z.array(z.string()),
    namespaces: z
      .array(z.strictObject({ collection: z.string(), database: z.string(), name: z.string() }))
      .optional()
      .meta({
        description:
          'Location of each collection. Absent from servers that support only mode dedicated; there, each collection is in "database" under its own name.',
      }),
    credential: z.strictObject({ username: z.string(), password: z.string(), authSource: z.string() }),
  })
  .meta({ title: 'TenantAccess' });

export const openTenantBodySchema = z
  .strictObject({
    leaseId: uidSchema
      .optional()
      .meta({ description: 'Id of the lease to renew. If omitted, a new lease is created.' }),
  })
  .meta({ title: 'OpenTenantRequest' });

export type TenantAccess = z.infer<typeof tenantAccessSchema>;
