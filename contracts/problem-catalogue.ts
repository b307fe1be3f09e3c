import { z } from 'zod';
import { exitCodes } from './problem-type.ts';
import type { ExitCodeName } from './problem-type.ts';

/** The meaning of a code for programs. Its texts may be improved; this part never changes. */
const problemMeaningSchema = z.strictObject({
  status: z.int().min(400).max(599),
  exit: z.enum(Object.keys(exitCodes) as ExitCodeName[]),
  fault: z.enum(['user', 'system']),
});

/** The problem catalogue as data, for programs in other languages. */
export const problemCatalogueSchema = z
  .strictObject({ problems: z.record(z.string(), problemMeaningSchema) })
  .meta({ title: 'ProblemCatalogue' });

export type ProblemMeaning = z.infer<typeof problemMeaningSchema>;
