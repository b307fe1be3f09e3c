import { homeFormIn } from '../domain/isolation.ts';
import { stepsOf } from '../domain/step-plan.ts';
import { describeHome } from '../engines/isolation/home.ts';
import type { Home } from '../engines/isolation/home.ts';
import { requireClaim } from '../engines/isolation/parts/claim.ts';
import { takeAccess } from '../engines/isolation/parts/take-access.ts';
import type { OperationAndTenant } from './held-operation.ts';
import type { OperationEnvironment } from './operation-environment.ts';
import type { StepWork } from './steps/step-handler.ts';

/** The step that takes access away, of whichever path has one. */
const takingAccess = 'revoke-access';

/** The home on its way back to what it was, but for its access. */
function keptOut(home: Home): Home {
  const { before } = home;
  return before === undefined ? home : describeHome({ ...home, before: { ...before, form: { ...before.form, access: 'none' } } });
}

/**
 * Where the operation that waits for this one takes access away, does that now: what is to be undone may need what the tenant holds, and
 * a tenant could so put off its own suspension. It is the waiting operation's own step that is begun, so whatever becomes of that
 * operation it takes the step to its end, or back. Returns the work, to undo without giving access.
 */
export async function takeAccessFirst({ store }: OperationEnvironment, { tenant }: OperationAndTenant, work: StepWork): Promise<StepWork> {
  const { pending, placement, lifecycle } = tenant;
  const takes = pending !== null && placement !== null && homeFormIn(lifecycle).access === 'read-write' && stepsOf(pending.kind).some(({ key }) => key === takingAccess);
  if (!takes || !(await store.operations.beginWhilePending(pending.id, takingAccess))) return work;
  const home = work.home();
  await requireClaim(home);
  await takeAccess(home);
  return { ...work, home: () => keptOut(work.home()) };
}
