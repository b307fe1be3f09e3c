import { z } from 'zod';
import { nameSchema, timeSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { configKeySchema } from './manifests/tenant-config.ts';
import { planSpecSchema } from './manifests/plan.ts';
import { policyDenialSchema } from './policy.ts';
import { isolationModes } from './lifecycle.ts';
import { placementStatusSchema } from './manifests/tenant.ts';

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

const sideSchema = z.strictObject({
  plan: nameSchema,
  quotas: planSpecSchema.shape.quotas.optional().meta({ description: 'Absent if the plan does not exist.' }),
  price: planSpecSchema.shape.price,
});

/** The effect of a plan change, computed by the same code that makes the change. */
export const planPreviewSchema = z
  .strictObject({
    allowed: z.boolean(),
    deny: z.array(policyDenialSchema),
    current: sideSchema,
    next: sideSchema,
    usage: z.strictObject({ tables: z.int().nonnegative() }),
    monthlyDifference: z
      .strictObject({ amount: z.string(), currency: z.string() })
      .optional()
      .meta({ description: 'Absent if a price is unknown or the currencies differ.' }),
  })
  .meta({ title: 'PlanPreview' });

/** How the placement resolver currently rates every region and cell. */
export const placementExplanationSchema = z
  .strictObject({
    current: placementStatusSchema.optional().meta({ description: 'Current placement of the tenant.' }),
    chosen: z
      .strictObject({ region: nameSchema, cell: nameSchema, mode: z.enum(isolationModes) })
      .optional()
      .meta({ description: 'Where the tenant would be placed now.' }),
    tables: z.int().nonnegative().meta({ description: 'Tables that the tenant needs from the budget of a cell.' }),
    candidates: z.array(
      z.strictObject({
        region: nameSchema,
        cell: nameSchema.optional().meta({ description: 'Absent if a rule excluded the whole region.' }),
        removedBy: z.strictObject({ rule: z.string(), message: z.string() }).optional(),
      }),
    ),
  })
  .meta({ title: 'PlacementExplanation' });

/** Differences between a tenant's declared and actual home, as the last scan found them. */
export const driftReportSchema = z
  .strictObject({
    name: nameSchema,
    cell: nameSchema.optional().meta({ description: 'Absent if no scan has covered the tenant yet.' }),
    checkTime: timeSchema.optional(),
    findings: z.array(
      z.strictObject({
        part: z.enum(['claim', 'collection', 'validator', 'index', 'role', 'user', 'configuration']),
        kind: z.enum(['missing', 'wrong', 'foreign', 'extra']).meta({
          description:
            'Resources that the plane did not create are reported but never removed: a foreign resource is in the place of one of the tenant’s resources, an extra one is in addition to them.',
        }),
        name: z.string(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ title: 'DriftReport' });

export type DriftReport = z.infer<typeof driftReportSchema>;
