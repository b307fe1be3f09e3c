import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { apiVersion, metadataInputSchema } from './manifests/metadata.ts';
import { tenantSpecSchema } from './manifests/tenant.ts';

/** A generation by its number, or as what stood at a time (RFC 3339, with any offset). */
export const pointInTimeSchema = z.union([z.string().regex(/^[1-9]\d{0,8}$/), z.iso.datetime({ offset: true })], {
  error: 'must be the number of a generation, or a time such as 2026-11-21T14:30:00Z (in an address, write "+" as %2B)',
});

/** A tenant as one generation declared it: what was wanted, not how it stood. */
export const tenantRevisionSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Tenant'),
    metadata: metadataInputSchema.extend({
      uid: uidSchema,
      generation: z.int().positive(),
      time: timeSchema.meta({ description: 'Since when it stood.' }),
    }),
    spec: tenantSpecSchema,
  })
  .meta({ title: 'TenantRevision' });

/** One line of a tenant's history. */
export const revisionSummarySchema = z
  .strictObject({
    generation: z.int().positive(),
    time: timeSchema,
    actor: z.string().optional().meta({ description: 'Subject of who made it; absent when it was erased.' }),
    action: z.string(),
    operation: uidSchema.optional().meta({ description: 'The one that brought it about, or that it asked for.' }),
    changed: z
      .array(z.string())
      .meta({ description: 'JSON pointers of what differs from the generation before; empty for the first.' }),
  })
  .meta({ title: 'RevisionSummary' });

const pointSchema = z.strictObject({ generation: z.int().positive(), time: timeSchema });

/** What differs between two generations, in the order of pointers. */
export const tenantDifferenceSchema = z
  .strictObject({
    name: nameSchema,
    from: pointSchema,
    to: pointSchema,
    changes: z.array(
      z.strictObject({
        pointer: z.string(),
        before: jsonValueSchema.optional().meta({ description: 'Absent: there was nothing.' }),
        after: jsonValueSchema.optional().meta({ description: 'Absent: nothing is left.' }),
      }),
    ),
  })
  .meta({ title: 'TenantDifference' });

export type TenantRevision = z.infer<typeof tenantRevisionSchema>;
export type RevisionSummary = z.infer<typeof revisionSummarySchema>;
export type TenantDifference = z.infer<typeof tenantDifferenceSchema>;
