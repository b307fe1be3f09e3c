import { z } from 'zod';
import { nameSchema, timeSchema } from './identifiers.ts';

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
            'Resources that the plane did not create are reported but never removed: foreign is in the place of a resource of the tenant, extra is an additional one.',
        }),
        name: z.string(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ title: 'DriftReport' });

export type DriftReport = z.infer<typeof driftReportSchema>;
