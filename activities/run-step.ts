import type { OperationInput } from '../domain/workflow-inputs.ts';
import { isReversible, plannedStep, stepsOf } from '../domain/step-plan.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { policyRefusal } from '../engines/admission/admission.ts';
import { actorOf, stepOf } from '../store/operations.ts';
import type { Store } from '../store/store.ts';
import { RetryAfter, RetryForever } from './failure.ts';
import { readOperation, requireHeld } from './held-operation.ts';
import type { AttemptContext, OperationActivities, OperationEnvironment } from './operation-activities.ts';
import { attemptStep, checkpoint, checkStep, newAttempt } from './step-attempt.ts';
import { revokeAccessFirst } from './start-compensation.ts';
import { leaseMs } from './work-under-lease.ts';

/**
 * One step forward: asks policy, commits the intent, does the step, commits the outcome. A step with a committed
 * outcome is not touched again; a step with only a committed intent is observed and completed.
 */
export function ensureStep(
  environment: OperationEnvironment,
  context: () => AttemptContext,
): OperationActivities['ensureStep'] {
  const { store, admit, handlers, failpoints } = environment;
  const ensure: OperationActivities['ensureStep'] = async (held) => {
    const { operation: input, step } = held;
    const found = await readOperation(store, input.operationId, input.tenant.uid);
    const { operation, tenant } = found;
    const attempt = newAttempt(held);
    requireHeld(found, held);
    const recorded = stepOf(operation, step);
    if (recorded.state === 'done') return answer(recorded.result ?? '', tenant.placement?.region);

    const reversible = isReversible(operation.kind, operation.steps);
    if (operation.cancelRequestTime !== null && reversible)
      throw new TenureError('cancelled', 'the operation was cancelled');

    const admission = await admit({
      action: `tenant.${operation.kind}`,
      actor: actorOf(operation),
      tenant: { name: tenant.name, uid: tenant._id, lifecycle: tenant.lifecycle, spec: tenant.spec },
      placement: tenant.placement,
      deletion: tenant.deletion,
      early: operation.early === true,
    });
    const { verdict } = admission;
    // A destruction that has begun was allowed when it began; stopping it halfway would help nobody.
    if (!verdict.allow && reversible) throw policyRefusal(verdict);

    // Obstacles are found before anything is destroyed.
    if (plannedStep(operation.kind, step).pivot === true && recorded.state === 'pending') {
      await store.clock.requireAgreement();
      await checkStep(environment, found, attempt);
    }

    await failpoints.reach(`${step}.before-intent`, tenant.name);
    const after = await attemptStep(
      environment,
      context(),
      found,
      attempt,
      async () => {
        if (!(await store.stepLeases.intend(attempt, leaseMs)))
          throw new RetryAfter(`another attempt has committed ${step}`);
        await failpoints.reach(`${step}.after-intent`, tenant.name);
      },
      async (work) => {
        const outcome = await handlers[step].ensure({ ...work, admission });
        await failpoints.reach(`${step}.before-checkpoint`, tenant.name);
        const { placement } = await checkpoint(environment, found, attempt, outcome, {
          state: 'done',
          policy: verdict.decision,
        });
        return { result: outcome.result, region: placement?.region };
      },
    );
    await failpoints.reach(`${step}.after-checkpoint`, tenant.name);
    return answer(after.result, after.region);
  };
  return (held) =>
    ensure(held).catch(async (error: unknown) => {
      throw (await isPastPivot(store, held.operation)) ? new RetryForever(error) : error;
    });
}

/** Whether the operation has begun something that cannot be undone, or may have, if that is unknown now. */
async function isPastPivot(
  { operations }: Pick<Store, 'operations'>,
  { kind, operationId }: OperationInput,
): Promise<boolean> {
  if (!stepsOf(kind).some(({ pivot }) => pivot === true)) return false;
  const current = await operations.find(operationId).catch(() => undefined);
  return current === undefined || !isReversible(kind, current.steps);
}

function answer(result: string, region: string | undefined): { result: string; region?: string } {
  return { result, ...(region === undefined ? {} : { region }) };
}

/**
 * Undoes one step. It waits for any attempt that may still be doing the step, so that nothing appears after the step
 * was undone.
 */
export function undoStep(
  environment: OperationEnvironment,
  context: () => AttemptContext,
): OperationActivities['undoStep'] {
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
        if (waitMs > 0) throw new RetryAfter(`another attempt may still be running ${step}`, waitMs);
        await failpoints.reach(`${step}.after-undo-intent`, input.tenant.name);
      },
      async (work) => {
        const outcome = await handlers[step].undo(
          plannedStep(found.operation.kind, step).scope === 'cell'
            ? await revokeAccessFirst(environment, found, work)
            : work,
        );
        await failpoints.reach(`${step}.before-undo-checkpoint`, input.tenant.name);
        await checkpoint(environment, found, attempt, outcome, { state: 'undone' });
        return outcome.result;
      },
    );
    await failpoints.reach(`${step}.after-undo-checkpoint`, input.tenant.name);
    return { result };
  };
}
