import assert from 'node:assert/strict';
import { standsInTheApi } from './fault-cases.ts';
import type { FaultCase } from './fault-cases.ts';
import { cancelByApi, cancellationHeard } from './faults.ts';
import type { Turn } from './courses.ts';
import { preempt } from './requests.ts';
import type { RunningOperation } from './requests.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** Errors of a request that is answered later are looked at when its answer is asked for. */
export function asked<T>(request: Promise<T>): Promise<T> {
  request.catch(() => undefined);
  return request;
}

/** What was asked for to have an operation turned round. */
export interface Turned {
  /** The operation that waits for it, where one does. */
  readonly next?: Promise<RunningOperation>;
  /** Whether its cancellation was accepted, where that was asked for by itself. */
  readonly cancelled?: Promise<boolean>;
}

/** Turns the running operation round. What is to stand in the API meanwhile is not answered before it is struck. */
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
    assert.equal(await cancelled, true, 'it can be cancelled');
    await cancellationHeard(bed, operation);
    return { cancelled };
  }
  const next = asked(preempt(bed, by, tenant));
  if (standsInTheApi(failpoint)) return { next };
  await next;
  await cancellationHeard(bed, operation);
  return { next };
}
