import { isProblemCode, problems } from '../contracts/problems.ts';
import { homeFormIn } from '../domain/isolation.ts';
import { isReversible, stepsOf } from '../domain/step-plan.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { describeHome } from '../engines/isolation/home.ts';
import type { Home } from '../engines/isolation/home.ts';
import { requireClaim } from '../engines/isolation/parts/claim.ts';
import { takeAccess } from '../engines/isolation/parts/take-access.ts';
import { startingCompensation } from '../store/operations.ts';
import { progressOf } from './begin-operation.ts';
import { operationEntry, readOperationIn, requireHeld } from './held-operation.ts';
import type { OperationAndTenant } from './held-operation.ts';
import type { OperationActivities, OperationEnvironment } from './operation-activities.ts';
import type { StepWork } from './steps/step-handler.ts';

/** Starts the compensation of an operation, once: the first reason is kept. */
export function turnOperation({ store, failpoints }: OperationEnvironment): OperationActivities['turnOperation'] {
  return async (held) => {
    const {
      operation: { operationId, tenant },
      fence,
      failure,
    } = held;
    await failpoints.reach('turn.before-commit', tenant.name);
    const compensating = await store.commit(async (tx) => {
      const found = await readOperationIn(store, tx, operationId, tenant.uid);
      requireHeld(found, held);
      if (found.operation.state === 'compensating') return { already: found.operation };
      if (!isReversible(found.operation.kind, found.operation.steps))
        throw new TenureError(
          'cancel_not_possible',
          `the ${found.operation.kind} has passed the point where it can be undone`,
        );
      const code = isProblemCode(failure.code) ? failure.code : 'internal';
      const { fault, fix } = problems[code];
      const error = {
        code,
        fault,
        message: failure.message,
        fix,
        ...(failure.step === undefined ? {} : { step: failure.step }),
        ...(failure.errors === undefined || failure.errors.length === 0 ? {} : { errors: [...failure.errors] }),
      };
      const operation = await store.operations.update(
        tx,
        { operationId, fence },
        startingCompensation(failure.to, error, tx.time),
      );
      return {
        result: operation,
        entries: [
          operationEntry(operation, '.turn', {
            outcome: 'failed',
            reason: error.code,
            fence,
            ...(failure.step === undefined ? {} : { step: failure.step }),
          }),
        ],
      };
    });
    await failpoints.reach('turn.after-commit', tenant.name);
    return progressOf(compensating);
  };
}

/** The step that revokes access, in every path that has one. */
const revokeAccessStep = 'revoke-access';

/** The home on its way back to its previous state, but without access. */
function withoutAccess(home: Home): Home {
  const { before } = home;
  return before === undefined
    ? home
    : describeHome({ ...home, before: { ...before, form: { ...before.form, access: 'none' } } });
}

/**
 * If the operation that waits for this one revokes access, does that now: the undo may need something that the tenant
 * blocks, and so a tenant could delay its own suspension. The step that begins is the waiting operation's own, so that
 * operation completes or undoes it in any case. Returns the work for an undo that does not grant access.
 */
export async function revokeAccessFirst(
  { store }: OperationEnvironment,
  { tenant }: OperationAndTenant,
  work: StepWork,
): Promise<StepWork> {
  const { pending, placement, lifecycle } = tenant;
  const shouldRevoke =
    pending !== null &&
    placement !== null &&
    homeFormIn(lifecycle).access === 'read-write' &&
    stepsOf(pending.kind).some(({ key }) => key === revokeAccessStep);
  if (!shouldRevoke || !(await store.operations.beginWhilePending(pending.id, revokeAccessStep))) return work;
  const home = work.home();
  await requireClaim(home);
  await takeAccess(home);
  return { ...work, home: () => withoutAccess(work.home()) };
}
