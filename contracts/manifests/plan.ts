import { z } from 'zod';
import { nameSchema } from '../identifiers.ts';
import { isolationModes } from '../lifecycle.ts';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';

/** What a tenant buys. */
export const planSpecSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional().meta({ description: 'A name for people.' }),
  isolationModes: z
    .array(z.enum(isolationModes))
    .min(1)
    .max(isolationModes.length)
    .meta({ description: 'Modes that its tenants may be placed in.' }),
  allowedRegions: z.array(nameSchema).min(1).max(64).optional().meta({ description: 'Every region when absent.' }),
  quotas: z
    .strictObject({
      tables: z.int().min(1).max(20_000).meta({
        description: 'Collections and indexes together, each counts one, the _id index of each collection too.',
      }),
    })
    .meta({ description: 'How much a tenant may have.' }),
  retention: z
    .strictObject({ deletedDays: z.int().min(0).max(3650).meta({ description: 'Days from deletion to purge.' }) })
    .optional()
    .meta({ description: 'How long a deleted tenant can be brought back; 90 days when absent.' }),
  encryption: z
    .strictObject({
      wrappingKeys: z
        .array(z.string().min(1).max(256))
        .min(1)
        .max(32)
        .meta({ description: 'Names of keys of the keyring.' }),
    })
    .optional()
    .meta({ description: 'Names of the keys that may wrap a data key of its tenants; any when absent.' }),
  price: z
    .strictObject({
      amount: z
        .string()
        .regex(/^\d{1,12}(\.\d{1,4})?$/, 'must be a decimal such as "49.00"')
        .meta({ description: 'A decimal, such as "49.00".' }),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'must be a code such as "EUR"')
        .meta({ description: 'ISO 4217 code, such as EUR.' }),
    })
    .optional()
    .meta({ description: 'Per month.' }),
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
