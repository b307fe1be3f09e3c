import { z } from 'zod';
import { nameSchema } from '../identifiers.ts';
import { isolationModes } from '../lifecycle.ts';
import { apiVersion, appliedMetadataSchema, metadataSchema } from './metadata.ts';

/** What a tenant buys. */
export const planSpecSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional(),
  isolationModes: z.array(z.enum(isolationModes)).min(1).max(isolationModes.length),
  allowedRegions: z.array(nameSchema).min(1).max(64).optional().meta({ description: 'Every region when absent.' }),
  quotas: z.strictObject({
    tables: z.int().min(1).max(20_000).meta({ description: 'Collections and indexes together, each counts one.' }),
  }),
});

export const planSchema = z
  .strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal('Plan'), metadata: metadataSchema, spec: planSpecSchema })
  .meta({ title: 'Plan' });

export const planManifestSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Plan'),
    metadata: appliedMetadataSchema,
    spec: planSpecSchema,
    status: z.unknown().optional(),
  })
  .meta({ title: 'PlanManifest' });

export type PlanSpec = z.infer<typeof planSpecSchema>;
export type Plan = z.infer<typeof planSchema>;
