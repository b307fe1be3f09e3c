import { z } from 'zod';
import { planManifestSchema } from './plan.ts';
import { regionManifestSchema } from './region.ts';
import { tenantManifestSchema } from './tenant.ts';
import { tenantTemplateManifestSchema } from './tenant-template.ts';
import { webhookEndpointManifestSchema } from './webhook-endpoint.ts';

/** Every kind that can be declared, in the order in which a file with several kinds is applied. */
export const manifestSchemas = {
  Region: regionManifestSchema,
  Plan: planManifestSchema,
  TenantTemplate: tenantTemplateManifestSchema,
  WebhookEndpoint: webhookEndpointManifestSchema,
  Tenant: tenantManifestSchema,
} as const;

export const resourceKinds = [
  'Region',
  'Plan',
  'TenantTemplate',
  'WebhookEndpoint',
  'Tenant',
] as const satisfies readonly (keyof typeof manifestSchemas)[];
export type ResourceKind = (typeof resourceKinds)[number];

export const manifestSchema = z.discriminatedUnion('kind', [
  regionManifestSchema,
  planManifestSchema,
  tenantTemplateManifestSchema,
  webhookEndpointManifestSchema,
  tenantManifestSchema,
]);
export type Manifest = z.infer<typeof manifestSchema>;
