import { NotYet } from './failure.ts';
import { readOperation, requireHeld } from './held-operation.ts';
import type { OperationActivities } from './operation-activities.ts';
import type { AttemptContext, OperationEnvironment } from './operation-environment.ts';
import { attemptStep, checkpoint, newAttempt } from './step-attempt.ts';
import { plannedStep } from '../domain/step-plan.ts';
import { takeAccessFirst } from './take-access-first.ts';
import { stepOf } from '../store/operations.ts';
import { leaseMs } from './work-under-lease.ts';

/** One step back. It waits for whoever may still be bringing the step about, so that nothing appears after it was undone. */
export function undoStep(environment: OperationEnvironment, context: () => AttemptContext): OperationActivities['undoStep'] {
  const { store, handlers, failpoints } = environment;
  return async (held) => {
    const { operation: input, step } = held;
    const found = await readOperation(store, input.operationId, input.tenant.uid);
    const attempt = newAttempt(held);
    requireHeld(found, held);
    const recorded = stepOf(found.operation, step);
    if (recorded.state === 'undone') return { result: recorded.result ?? '' };

    await failpoints.reach(`${step}.before-undo`, input.tenant.name);
    const result = await attemptStep(
      environment,
      context(),
      found,
      attempt,
      async () => {
        const waitMs = await store.stepLeases.intendUndo(attempt, leaseMs);
        if (waitMs > 0) throw new NotYet(`another attempt may still be at work on ${step}`, waitMs);
        await failpoints.reach(`${step}.after-undo-intent`, input.tenant.name);
      },
      async (work) => {
        const outcome = await handlers[step].undo(plannedStep(found.operation.kind, step).scope === 'cell' ? await takeAccessFirst(environment, found, work) : work);
        await failpoints.reach(`${step}.before-undo-checkpoint`, input.tenant.name);
        await checkpoint(environment, found, attempt, outcome, { state: 'undone' });
        return outcome.result;
      },
    );
    await failpoints.reach(`${step}.after-undo-checkpoint`, input.tenant.name);
    return { result };
  };
}
