import { z } from 'zod';
import { nameSchema } from '../identifiers.ts';
import { isolationModes } from '../lifecycle.ts';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';

/** The plan that a tenant buys. */
export const planSpecSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional().meta({ description: 'Human-readable name.' }),
  isolationModes: z
    .array(z.enum(isolationModes))
    .min(1)
    .max(isolationModes.length)
    .meta({ description: 'Isolation modes that tenants of the plan may use.' }),
  allowedRegions: z
    .array(nameSchema)
    .min(1)
    .max(64)
    .optional()
    .meta({ description: 'Regions that tenants of the plan may use. Default: every region.' }),
  quotas: z
    .strictObject({
      tables: z.int().min(1).max(20_000).meta({
        description: 'Maximum number of collections plus indexes, including the _id index of each collection.',
      }),
    })
    .meta({ description: 'Limits of each tenant.' }),
  retention: z
    .strictObject({ deletedDays: z.int().min(0).max(3650).meta({ description: 'Days from deletion to purge.' }) })
    .optional()
    .meta({ description: 'How long a deleted tenant can be undeleted. Default: 90 days.' }),
  encryption: z
    .strictObject({
      wrappingKeys: z
        .array(z.string().min(1).max(256))
        .min(1)
        .max(32)
        .meta({ description: 'Names of keys in the keyring.' }),
    })
    .optional()
    .meta({ description: 'Keys that may wrap the data keys of tenants of the plan. Default: any key.' }),
  price: z
    .strictObject({
      amount: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,4})?$/, 'must be a decimal number such as "49.00"')
        .meta({ description: 'Decimal number, such as "49.00".' }),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'must be a code such as "EUR"')
        .meta({ description: 'ISO 4217 code, such as EUR.' }),
    })
    .optional()
    .meta({ description: 'Price per month.' }),
});

export const planSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Plan'),
    metadata: metadataSchema,
    spec: planSpecSchema,
  })
  .meta({ title: 'Plan' });

export const planManifestSchema = z
  .strictObject({
    apiVersion: manifestField.apiVersion,
    kind: manifestField.kind('Plan'),
    metadata: manifestField.metadata,
    spec: planSpecSchema.meta({ description: 'What tenants of the plan get.' }),
    status: manifestField.status,
  })
  .meta({ title: 'PlanManifest' });

export type PlanSpec = z.infer<typeof planSpecSchema>;
export type Plan = z.infer<typeof planSchema>;
