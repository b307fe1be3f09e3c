import { performance } from 'node:perf_hooks';
import { TenureError } from '../domain/tenure-error.ts';
import type { WorkLease } from '../engines/isolation/home.ts';
import type { StepAttempt, StepLeases } from '../store/step-leases.ts';

/**
 * How long an attempt may continue after its last successful request to the control database. Shorter than the
 * activity's heartbeat time-out.
 */
export const leaseMs = 5_000;
const renewEveryMs = 1_500;

export interface LeaseEnvironment {
  readonly leases: StepLeases;
  /** Called with every renewal. */
  readonly heartbeat: () => void;
  /** Throws when the work has been cancelled. */
  readonly throwIfCancelled: () => void;
}

/**
 * Uses the clock that has advanced more: the monotonic one stops while a machine is suspended, and the other may be set
 * back.
 */
function stopwatch(): () => number {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - monotonic, Date.now() - wall);
}

/** The recorded reason why an attempt failed. */
export function reasonOf(error: unknown): string {
  return error instanceof TenureError ? `${error.code}: ${error.message}` : 'internal';
}

/** Releases the lease, as part of a checkpoint's own update. */
export function releasing(attempt: StepAttempt): { $pull: { leases: { holder: string } } } {
  return { $pull: { leases: { holder: attempt.attempt } } };
}

/**
 * Does `work` while holding the lease that `take` commits, and renews it as long as the work runs. The remaining time
 * is counted on this process's clocks from before the request for the lease, so the lease never ends later here than in
 * the control database. Work that succeeds has released the lease with its checkpoint.
 */
export async function workUnderLease<T>(
  { leases, heartbeat, throwIfCancelled }: LeaseEnvironment,
  attempt: StepAttempt,
  take: () => Promise<void>,
  work: (lease: WorkLease) => Promise<T>,
): Promise<T> {
  const elapsedMs = stopwatch();
  let deadline = elapsedMs() + leaseMs;
  let lost: unknown;
  await take();
  const timer = setInterval(() => {
    heartbeat();
    const requestedAt = elapsedMs();
    leases.renew(attempt, leaseMs).then(
      () => {
        deadline = requestedAt + leaseMs;
      },
      (error: unknown) => {
        // If the control database is unreachable, the lease may still be valid: renewal is retried until the time is
        // over.
        if (error instanceof TenureError && error.code === 'fenced') lost = error;
      },
    );
  }, renewEveryMs);
  try {
    return await work({
      remainingMs() {
        throwIfCancelled();
        if (lost !== undefined) throw lost;
        const leftMs = Math.floor(deadline - elapsedMs());
        if (leftMs < 1)
          throw new TenureError('control_unavailable', 'the lease on this step ran out before it could be renewed');
        return leftMs;
      },
    });
  } catch (error) {
    await leases.release(attempt, reasonOf(error)).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
