import { z } from 'zod';
import { nameSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { configKeySchema } from './manifests/tenant-config.ts';

/** What of a tenant's configuration is in effect, and where it comes from. */
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
          templateValue: jsonValueSchema
            .optional()
            .meta({ description: 'What the tenant sets otherwise; absent where the template says nothing.' }),
        }),
      )
      .meta({ description: 'By key, ascending.' }),
  })
  .meta({ title: 'TenantConfigReport' });
