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
      .meta({ description: 'States between which the operation moves the tenant.' }),
    done: z.boolean(),
    generation: z.int().positive().meta({ description: 'Generation of the spec that the operation applies.' }),
    createTime: timeSchema,
    startTime: timeSchema.optional(),
    endTime: timeSchema.optional(),
    requestId: z.string(),
    correlationId: z.string(),
    workflowId: z.string().meta({ description: 'Id of the workflow in the Temporal UI.' }),
    progress: z.strictObject({ done: z.int(), total: z.int() }),
    steps: z.array(
      z.strictObject({
        key: z.string(),
        title: z.string(),
        state: z.enum(stepStates),
        attempts: z.int(),
        startTime: timeSchema.optional(),
        endTime: timeSchema.optional(),
        result: z.string().optional().meta({ description: 'Human-readable summary of what the step found and did.' }),
      }),
    ),
    waitsFor: uidSchema
      .optional()
      .meta({ description: 'Id of the operation that must end first. Only for a pending operation.' }),
    next: uidSchema.optional().meta({
      description: 'Id of the operation that starts when this one has succeeded. The declared change needs both.',
    }),
    cancelRequestTime: timeSchema.optional(),
    abandonment: z
      .strictObject({
        time: timeSchema,
        cell: nameSchema,
        left: z.array(z.string()).meta({ description: 'Resources that may be left on the cell.' }),
      })
      .optional()
      .meta({ description: 'Present if the operation was abandoned: its remaining work on this cell was not done.' }),
    error: operationErrorSchema.optional(),
  })
  .meta({ title: 'Operation' });

export type OperationError = z.infer<typeof operationErrorSchema>;
export type Operation = z.infer<typeof operationSchema>;
