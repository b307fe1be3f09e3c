import { z } from 'zod';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';
import { declaredServicesSchema, servicesSchema } from './tenant.ts';
import { configSchema } from './tenant-config.ts';

/** What the tenants of a template have in common. Each generation of it is a version, which tenants are moved to by a roll-out. */
export const tenantTemplateSpecSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional().meta({ description: 'A name for people.' }),
  config: configSchema.default({}).meta({ description: 'What a tenant of the template has unless it says otherwise.' }),
  services: servicesSchema.optional().meta({
    description: 'The schema set: collections, indexes and validators of a tenant that does not declare its own.',
  }),
});

/** The same as it is declared. */
const declaredTemplateSpecSchema = tenantTemplateSpecSchema.extend({
  services: declaredServicesSchema.optional().meta({
    description: 'The schema set: collections, indexes and validators of a tenant that does not declare its own.',
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
    spec: declaredTemplateSpecSchema.meta({ description: 'What tenants of the template have in common.' }),
    status: manifestField.status,
  })
  .meta({ title: 'TenantTemplateManifest' });

export type TenantTemplateSpec = z.infer<typeof tenantTemplateSpecSchema>;
export type TenantTemplate = z.infer<typeof tenantTemplateSchema>;
