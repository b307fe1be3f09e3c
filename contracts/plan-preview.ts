import { z } from 'zod';
import { nameSchema } from './identifiers.ts';
import { planSpecSchema } from './manifests/plan.ts';
import { policyDenialSchema } from './policy.ts';

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
