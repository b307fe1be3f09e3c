import { z } from 'zod';
import { nameSchema, timeSchema } from './identifiers.ts';

/** In what a tenant's home differed from what was declared, when it was last looked at. */
export const driftReportSchema = z
  .strictObject({
    name: nameSchema,
    cell: nameSchema.optional().meta({ description: 'Absent for a tenant that no scan has seen.' }),
    checkTime: timeSchema.optional(),
    findings: z.array(
      z.strictObject({
        part: z.enum(['claim', 'collection', 'validator', 'index', 'role', 'user', 'configuration']),
        kind: z.enum(['missing', 'wrong', 'foreign', 'extra']).meta({
          description:
            'What the plane has not made is only reported, never removed: foreign stands where something of the tenant’s belongs, extra beside it.',
        }),
        name: z.string(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ title: 'DriftReport' });

export type DriftReport = z.infer<typeof driftReportSchema>;
