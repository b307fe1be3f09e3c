import { isReversible } from '../domain/step-plan.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { policyRefusal } from '../engines/admission/admission.ts';
import { NotYet } from './failure.ts';
import { readOperation, requireHeld } from './held-operation.ts';
import type { OperationActivities } from './operation-activities.ts';
import type { AttemptContext, OperationEnvironment } from './operation-environment.ts';
import { attemptStep, checkpoint, newAttempt } from './step-attempt.ts';
import { stepOf } from '../store/operations.ts';
import { leaseMs } from './work-under-lease.ts';

/**
 * One step forward: asks policy, commits the intent, brings the step about, commits the outcome. A step whose outcome is
 * committed is not touched again; one whose intent is but whose outcome is not is observed and finished.
 */
export function ensureStep(environment: OperationEnvironment, context: () => AttemptContext): OperationActivities['ensureStep'] {
  const { store, admit, handlers, failpoints } = environment;
  return async (held) => {
    const { operation: input, step } = held;
    const found = await readOperation(store, input.operationId, input.tenant.uid);
    const { operation, tenant } = found;
    const attempt = newAttempt(held);
    requireHeld(found, attempt);
    const recorded = stepOf(operation, step);
    if (recorded.state === 'done') return answer(recorded.result ?? '', tenant.placement?.region);

    if (operation.cancelRequestTime !== null && isReversible(operation.kind, operation.steps)) throw new TenureError('cancelled', 'the operation was cancelled');

    const admission = await admit({
      action: `tenant.${operation.kind}`,
      actor: operation.actor,
      tenant: { name: tenant.name, uid: tenant._id, lifecycle: tenant.lifecycle, spec: tenant.spec },
      placement: tenant.placement,
      deletion: tenant.deletion,
      early: operation.early === true,
    });
    const { verdict } = admission;
    if (!verdict.allow) throw policyRefusal(verdict);

    await failpoints.reach(`${step}.before-intent`, tenant.name);
    const after = await attemptStep(
      environment,
      context(),
      found,
      attempt,
      async () => {
        if (!(await store.stepLeases.intend(attempt, leaseMs))) throw new NotYet(`another attempt has committed ${step}`, 0);
        await failpoints.reach(`${step}.after-intent`, tenant.name);
      },
      async (work) => {
        const outcome = await handlers[step].ensure({ ...work, admission });
        await failpoints.reach(`${step}.before-checkpoint`, tenant.name);
        const { placement } = await checkpoint(environment, found, attempt, outcome, { state: 'done', policy: verdict.decision });
        return { result: outcome.result, region: placement?.region };
      },
    );
    await failpoints.reach(`${step}.after-checkpoint`, tenant.name);
    return answer(after.result, after.region);
  };
}

function answer(result: string, region: string | undefined): { result: string; region?: string } {
  return { result, ...(region === undefined ? {} : { region }) };
}
