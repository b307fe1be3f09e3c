import { z } from 'zod';
import { exitCodes } from './problem-type.ts';
import type { ExitCodeName } from './problem-type.ts';

/** What a code means to programs: its words may be mended, this never changes. */
const problemMeaningSchema = z.strictObject({
  status: z.int().min(400).max(599),
  exit: z.enum(Object.keys(exitCodes) as ExitCodeName[]),
  fault: z.enum(['user', 'system']),
});

/** The catalogue of problems as data, for programs in other languages. */
export const problemCatalogueSchema = z
  .strictObject({ problems: z.record(z.string(), problemMeaningSchema) })
  .meta({ title: 'ProblemCatalogue' });

export type ProblemMeaning = z.infer<typeof problemMeaningSchema>;
