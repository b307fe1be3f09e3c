import assert from 'node:assert/strict';
import { endOf } from './expected-end.ts';
import type { Ended } from './expected-end.ts';
import { isOfTheNext } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import type { RunningOperation } from './requests.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** Checks that both operations ended as declared. Returns the tenant as they leave it, and how each ended. */
export async function endOfPreemption(
  bed: TestBed,
  faultCase: FaultCase,
  tenant: KnownTenant,
  first: RunningOperation,
  next: RunningOperation,
): Promise<{ after: KnownTenant; ended: [Ended, Ended] }> {
  const { course, failpoint, fault } = faultCase;
  const [one, two] = [await endOf(bed, first), await endOf(bed, next)];
  // Until the preemption is committed, the first operation may end before it. Then nothing waits for it.
  const hasWaited = two.waitsFor !== null;
  assert.ok(hasWaited || failpoint === 'accept.before-commit', 'the second operation waits for the first');
  assert.equal(one.state, hasWaited ? course.ends : 'succeeded', JSON.stringify(one.error));
  assert.equal(
    two.state,
    fault.cancels !== undefined && isOfTheNext(faultCase) ? 'cancelled' : 'succeeded',
    JSON.stringify(two.error),
  );
  const left = one.state === 'succeeded' ? course.to : course.from;
  const standing = two.state === 'succeeded' && next.kind === 'suspend' ? 'Suspended' : left;
  return {
    after: { ...tenant, standing },
    ended: [
      { operation: first, end: one.state },
      { operation: next, end: two.state },
    ],
  };
}
