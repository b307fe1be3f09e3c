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
import type { VerificationInput } from '../domain/workflow-inputs.ts';

const { verifyBoundary } = proxyActivities<VerificationActivities>({
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  // A cell that is unavailable for longer ends the verification with that reason; it must then be requested again.
  retry: { initialInterval: '1s', maximumInterval: '15s', maximumAttempts: 8 },
});

/** Canaries on an unavailable cell are removed when it is back, or by the next verification. */
const { clearVerification } = proxyActivities<VerificationActivities>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1h',
  heartbeatTimeout: '10s',
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

/**
 * Probes the boundary between two tenants in both directions and records the result. If there is no verdict, it leaves
 * nothing behind and records why.
 */
export async function verifyIsolation(input: VerificationInput): Promise<VerificationEnd> {
  try {
    return await verifyBoundary(input);
  } catch (error) {
    // A cancelled attempt ends with an error of its own.
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
