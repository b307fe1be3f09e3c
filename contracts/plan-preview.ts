import { z } from 'zod';
import { nameSchema } from './identifiers.ts';
import { planSpecSchema } from './manifests/plan.ts';
import { policyDenialSchema } from './policy.ts';

const sideSchema = z.strictObject({
  plan: nameSchema,
  quotas: planSpecSchema.shape.quotas.optional().meta({ description: 'Absent when there is no such plan.' }),
  price: planSpecSchema.shape.price,
});

/** What a change of plan would mean, by the same code that would make it. */
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
      .meta({ description: 'Absent when a price is not known, or the currencies differ.' }),
  })
  .meta({ title: 'PlanPreview' });
