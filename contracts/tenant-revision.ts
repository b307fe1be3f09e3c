import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { apiVersion, metadataInputSchema } from './manifests/metadata.ts';
import { tenantSpecSchema } from './manifests/tenant.ts';

/** A generation by its number, or the one in effect at a time (RFC 3339, with any offset). */
export const pointInTimeSchema = z.union([z.string().regex(/^[1-9]\d{0,8}$/), z.iso.datetime({ offset: true })], {
  error: 'must be the number of a generation, or a time such as 2026-11-21T14:30:00Z (in a URL, write "+" as %2B)',
});

/** A tenant as one generation declared it, without the observed status. */
export const tenantRevisionSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Tenant'),
    metadata: metadataInputSchema.extend({
      uid: uidSchema,
      generation: z.int().positive(),
      time: timeSchema.meta({ description: 'When the generation was declared.' }),
    }),
    spec: tenantSpecSchema,
  })
  .meta({ title: 'TenantRevision' });

/** One entry of a tenant's history. */
export const revisionSummarySchema = z
  .strictObject({
    generation: z.int().positive(),
    time: timeSchema,
    actor: z.string().optional().meta({ description: 'Subject that made the change. Absent if it has been erased.' }),
    action: z.string(),
    operation: uidSchema
      .optional()
      .meta({ description: 'Id of the operation that made this generation, or that it started.' }),
    changed: z
      .array(z.string())
      .meta({ description: 'JSON Pointers of the differences from the previous generation. Empty for the first.' }),
  })
  .meta({ title: 'RevisionSummary' });

const pointSchema = z.strictObject({ generation: z.int().positive(), time: timeSchema });

/** The differences between two generations, sorted by pointer. */
export const tenantDifferenceSchema = z
  .strictObject({
    name: nameSchema,
    from: pointSchema,
    to: pointSchema,
    changes: z.array(
      z.strictObject({
        pointer: z.string(),
        before: jsonValueSchema.optional().meta({ description: 'Absent if the value was added.' }),
        after: jsonValueSchema.optional().meta({ description: 'Absent if the value was removed.' }),
      }),
    ),
  })
  .meta({ title: 'TenantDifference' });

export type TenantRevision = z.infer<typeof tenantRevisionSchema>;
export type RevisionSummary = z.infer<typeof revisionSummarySchema>;
export type TenantDifference = z.infer<typeof tenantDifferenceSchema>;
