import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { lifecycleStates, operationKinds } from './lifecycle.ts';
import { problemDetailSchema } from './problem-document.ts';
import { operationStates, stepStates } from './operation-states.ts';
import { problemCodes } from './problems.ts';

export const operationErrorSchema = z.strictObject({
  code: z.enum(problemCodes),
  fault: z.enum(['user', 'system']),
  message: z.string(),
  fix: z.string(),
  step: z.string().optional(),
  errors: z.array(problemDetailSchema).optional(),
});

export const operationSchema = z
  .strictObject({
    id: uidSchema,
    kind: z.enum(operationKinds),
    tenant: z.strictObject({ uid: uidSchema, name: nameSchema }),
    state: z.enum(operationStates),
    transition: z
      .strictObject({ from: z.enum(lifecycleStates), to: z.enum([...lifecycleStates, 'Purged']) })
      .optional()
      .meta({ description: 'Where it leads.' }),
    done: z.boolean(),
    generation: z.int().positive().meta({ description: 'The spec it brings about.' }),
    createTime: timeSchema,
    startTime: timeSchema.optional(),
    endTime: timeSchema.optional(),
    requestId: z.string(),
    correlationId: z.string(),
    workflowId: z.string().meta({ description: 'Where to find it in the Temporal UI.' }),
    progress: z.strictObject({ done: z.int(), total: z.int() }),
    steps: z.array(
      z.strictObject({
        key: z.string(),
        title: z.string(),
        state: z.enum(stepStates),
        attempts: z.int(),
        startTime: timeSchema.optional(),
        endTime: timeSchema.optional(),
        result: z.string().optional().meta({ description: 'What was found and done, for people.' }),
      }),
    ),
    waitsFor: uidSchema.optional().meta({ description: 'Of a pending operation: the one that has to end first.' }),
    next: uidSchema
      .optional()
      .meta({ description: 'The operation that begins when this one has succeeded: what was declared takes both.' }),
    cancelRequestTime: timeSchema.optional(),
    abandonment: z
      .strictObject({
        time: timeSchema,
        cell: nameSchema,
        left: z.array(z.string()).meta({ description: 'What may be left there.' }),
      })
      .optional()
      .meta({ description: 'It was ended without what it had still to do on this cell.' }),
    error: operationErrorSchema.optional(),
  })
  .meta({ title: 'Operation' });

export type OperationError = z.infer<typeof operationErrorSchema>;
export type Operation = z.infer<typeof operationSchema>;
