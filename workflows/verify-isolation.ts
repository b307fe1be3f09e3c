import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  patched,
  proxyActivities,
} from '@temporalio/workflow';
import type {
  VerificationActivities,
  VerificationEnd,
  VerificationFailure,
} from '../activities/verification-activities.ts';
import type { VerificationInput } from '../domain/verification-input.ts';

const { verifyBoundary } = proxyActivities<VerificationActivities>({
  startToCloseTimeout: '15m',
  heartbeatTimeout: '30s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  // A cell that is away for longer is told as that; the verification is asked for anew.
  retry: { initialInterval: '1s', maximumInterval: '15s', maximumAttempts: 8 },
});

/** Canaries on a cell that is away are removed when it is back, or by the next verification. */
const { clearVerification } = proxyActivities<VerificationActivities>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1h',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});

const { endVerification } = proxyActivities<VerificationActivities>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', maximumInterval: '15s' },
});

function failureOf(error: unknown): VerificationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) return { code: cause.type ?? 'internal', message: cause.message };
  return { code: 'internal', message: 'the verification did not end in time' };
}

/** Tries two tenants' boundary both ways and records what was found. Where there is no verdict, it leaves nothing behind and says why. */
export async function verifyIsolation(input: VerificationInput): Promise<VerificationEnd> {
  try {
    return await verifyBoundary(input);
  } catch (error) {
    // An attempt that is called off ends with an error of its own.
    const wasCancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
    await CancellationScope.nonCancellable(async () => {
      await endVerification({
        ...input,
        failure: wasCancelled ? { code: 'cancelled', message: 'the verification was cancelled' } : failureOf(error),
      });
      await clearVerification(input);
    });
    if (wasCancelled && patched('verification-ends-as-cancelled'))
      throw new CancelledFailure('the verification was cancelled');
    return { verdict: 'none' };
  }
}
