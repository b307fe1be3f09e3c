import { z } from 'zod';
import { nameSchema } from './identifiers.ts';
import { isolationModes } from './lifecycle.ts';
import { placementStatusSchema } from './manifests/tenant.ts';

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
        cell: nameSchema.optional().meta({ description: 'Absent if a rule removed the whole region.' }),
        removedBy: z.strictObject({ rule: z.string(), message: z.string() }).optional(),
      }),
    ),
  })
  .meta({ title: 'PlacementExplanation' });
