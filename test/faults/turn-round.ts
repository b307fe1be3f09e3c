import assert from 'node:assert/strict';
import { standsInTheApi } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { cancelByApi, cancellationHeard } from './faults.ts';
import type { Turn } from './courses.ts';
import { preempt } from './requests.ts';
import type { RunningOperation } from './requests.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** An error of the request is handled where its answer is awaited, not when it occurs. */
export function asked<T>(request: Promise<T>): Promise<T> {
  request.catch(() => undefined);
  return request;
}

/** The request that makes an operation undo its steps. */
export interface Turned {
  /** The operation that waits for it, if any. */
  readonly next?: Promise<RunningOperation>;
  /** Whether its cancellation was accepted, if that was requested directly. */
  readonly cancelled?: Promise<boolean>;
}

/**
 * Makes the running operation undo its steps. If the fault hits the request in the API, does not wait for the answer.
 */
export async function turnRound(
  bed: TestBed,
  { failpoint }: FaultCase,
  { by }: Turn,
  tenant: KnownTenant,
  operation: RunningOperation,
): Promise<Turned> {
  if (by === 'cancel') {
    const cancelled = asked(cancelByApi(bed, operation));
    if (standsInTheApi(failpoint)) return { cancelled };
    assert.equal(await cancelled, true, 'the operation can be cancelled');
    await cancellationHeard(bed, operation);
    return { cancelled };
  }
  const next = asked(preempt(bed, by, tenant));
  if (standsInTheApi(failpoint)) return { next };
  await next;
  await cancellationHeard(bed, operation);
  return { next };
}
