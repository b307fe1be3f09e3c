import { z } from 'zod';
import { nameSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { configKeySchema } from './manifests/tenant-config.ts';

/** The effective configuration of a tenant, and where each value comes from. */
export const tenantConfigReportSchema = z
  .strictObject({
    name: nameSchema,
    template: z.strictObject({ name: nameSchema, version: z.int().positive() }).optional(),
    values: z
      .array(
        z.strictObject({
          key: configKeySchema,
          value: jsonValueSchema,
          origin: z.enum(['template', 'tenant']),
          templateValue: jsonValueSchema.optional().meta({
            description:
              'Value in the template that the tenant overrides. Absent if the template does not set the key.',
          }),
        }),
      )
      .meta({ description: 'Sorted by key, ascending.' }),
  })
  .meta({ title: 'TenantConfigReport' });
