import { z } from 'zod';
import { problemCodes } from './problems.ts';
import { exitCodes } from './problem-type.ts';
import type { ExitCodeName } from './problem-type.ts';

/** One error in a request; `pointer` is a JSON Pointer into the body. */
export const problemDetailSchema = z.strictObject({
  pointer: z.string().optional(),
  rule: z.string().optional(),
  message: z.string(),
  fix: z.string().optional(),
  allowed: z.array(z.string()).optional(),
});

/** An RFC 9457 problem document. */
export const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: '`/problems/<code>`' }),
    code: z.enum(problemCodes),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    fix: z.string(),
    requestId: z.string(),
    retryable: z.boolean().meta({ description: 'Whether the unchanged request can succeed later.' }),
    errors: z.array(problemDetailSchema).optional(),
    operation: z.string().optional().meta({ description: 'Path of the operation that blocks the request.' }),
  })
  .meta({ title: 'Problem' });

export type ProblemDetail = z.infer<typeof problemDetailSchema>;
export type Problem = z.infer<typeof problemSchema>;

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
