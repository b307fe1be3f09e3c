import { performance } from 'node:perf_hooks';
import { TenureError } from '../domain/tenure-error.ts';
import type { WorkLease } from '../engines/isolation/home.ts';
import type { StepAttempt, StepLeases } from '../store/step-leases.ts';

/** How long an attempt may go on after its last word to the control database. Less than the activity's heartbeat time-out. */
export const leaseMs = 5_000;
const renewEveryMs = 1_500;

export interface LeaseEnvironment {
  readonly leases: StepLeases;
  /** Called with every renewal. */
  readonly heartbeat: () => void;
  /** Throws when the work has been called off. */
  readonly throwIfCancelled: () => void;
}

/** Of the two clocks the one that has gone further: the monotonic one stands still while a machine is paused, the other may be set back. */
function stopwatch(): () => number {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - monotonic, Date.now() - wall);
}

/** What is written down of why an attempt has failed. */
export function reasonOf(error: unknown): string {
  return error instanceof TenureError ? `${error.code}: ${error.message}` : 'internal';
}

/** The word that an attempt has ended, as part of a checkpoint's own update. */
export function releasing(attempt: StepAttempt): { $pull: { leases: { holder: string } } } {
  return { $pull: { leases: { holder: attempt.attempt } } };
}

/**
 * Does `work` while holding the lease that `take` commits, renewing it as long as the work goes on. The time left is
 * counted on this process's clocks from before the lease was asked for, so it ends here no later than there.
 * Work that succeeds has given the lease back with its checkpoint.
 */
export async function workUnderLease<T>(
  { leases, heartbeat, throwIfCancelled }: LeaseEnvironment,
  attempt: StepAttempt,
  take: () => Promise<void>,
  work: (lease: WorkLease) => Promise<T>,
): Promise<T> {
  const elapsedMs = stopwatch();
  let until = elapsedMs() + leaseMs;
  let lost: unknown;
  await take();
  const timer = setInterval(() => {
    heartbeat();
    const asked = elapsedMs();
    leases.renew(attempt, leaseMs).then(
      () => {
        until = asked + leaseMs;
      },
      (error: unknown) => {
        // An unreachable control database says nothing of the lease: it is tried again until the time is up.
        if (error instanceof TenureError && error.code === 'fenced') lost = error;
      },
    );
  }, renewEveryMs);
  try {
    return await work({
      remainingMs() {
        throwIfCancelled();
        if (lost !== undefined) throw lost;
        const leftMs = Math.floor(until - elapsedMs());
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
