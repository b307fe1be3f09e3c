import { z } from 'zod';
import { problemCodes } from './problems.ts';

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
