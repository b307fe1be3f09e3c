import { z } from 'zod';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';
import { declaredServicesSchema, servicesSchema } from './tenant.ts';
import { configSchema } from './tenant-config.ts';

/** What the tenants of a template share. Each generation is a version, and a roll-out moves tenants to it. */
export const tenantTemplateSpecSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional().meta({ description: 'Human-readable name.' }),
  config: configSchema
    .default({})
    .meta({ description: 'Default configuration of the tenants. A tenant can override each key.' }),
  services: servicesSchema.optional().meta({
    description: 'Collections, indexes and validators of tenants that do not declare their own services.',
  }),
});

/** The same spec in a manifest. */
const declaredTemplateSpecSchema = tenantTemplateSpecSchema.extend({
  services: declaredServicesSchema.optional().meta({
    description: 'Collections, indexes and validators of tenants that do not declare their own services.',
  }),
});

export const tenantTemplateSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('TenantTemplate'),
    metadata: metadataSchema,
    spec: tenantTemplateSpecSchema,
  })
  .meta({ title: 'TenantTemplate' });

export const tenantTemplateManifestSchema = z
  .strictObject({
    apiVersion: manifestField.apiVersion,
    kind: manifestField.kind('TenantTemplate'),
    metadata: manifestField.metadata,
    spec: declaredTemplateSpecSchema.meta({ description: 'What tenants of the template share.' }),
    status: manifestField.status,
  })
  .meta({ title: 'TenantTemplateManifest' });

export type TenantTemplateSpec = z.infer<typeof tenantTemplateSpecSchema>;
export type TenantTemplate = z.infer<typeof tenantTemplateSchema>;
