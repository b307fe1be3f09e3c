import { z } from 'zod';
import { nameSchema } from './identifiers.ts';
import { isolationModes } from './lifecycle.ts';
import { placementStatusSchema } from './manifests/tenant.ts';

/** What the placement resolver makes of every region and cell, now. */
export const placementExplanationSchema = z
  .strictObject({
    current: placementStatusSchema.optional().meta({ description: 'Where the tenant is.' }),
    chosen: z
      .strictObject({ region: nameSchema, cell: nameSchema, mode: z.enum(isolationModes) })
      .optional()
      .meta({ description: 'Where it would go if it were placed now.' }),
    tables: z.int().nonnegative().meta({ description: 'What it needs of a cell’s budget.' }),
    candidates: z.array(
      z.strictObject({
        region: nameSchema,
        cell: nameSchema.optional().meta({ description: 'Absent when a rule removed the region as a whole.' }),
        removedBy: z.strictObject({ rule: z.string(), message: z.string() }).optional(),
      }),
    ),
  })
  .meta({ title: 'PlacementExplanation' });
