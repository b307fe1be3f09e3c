import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { StepKey } from '../domain/step-plan.ts';
import type { OperationFailure } from '../activities/operation-activities.ts';

function applicationFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}

/** Whether a later holder has taken over the operation: then there is nothing left to do or undo. */
export function isFenced(error: unknown): boolean {
  return applicationFailure(error)?.type === 'fenced';
}

/** The text of a failed attempt, for people. */
export function reasonOf(error: unknown): string {
  const failure = applicationFailure(error);
  return failure === undefined ? 'it did not end in time' : `${failure.type ?? 'internal'}: ${failure.message}`;
}

/** Whether a retry cannot help. */
export function isFinal(error: unknown): boolean {
  return applicationFailure(error)?.nonRetryable === true;
}

/** Why the operation must be compensated. */
export function failureOf(error: unknown, step: StepKey | undefined, cancelRequested: boolean): OperationFailure {
  const atStep = step === undefined ? {} : { step };
  // An attempt that fails while it is being cancelled ends with its own error; what was requested is the cancellation.
  if (cancelRequested || isCancellation(error))
    return { to: 'cancelled', code: 'cancelled', message: 'the operation was cancelled', ...atStep };
  const failure = applicationFailure(error);
  if (failure?.type === 'cancelled') return { to: 'cancelled', code: 'cancelled', message: failure.message, ...atStep };
  const [details] = (failure?.details ?? []) as { errors?: { message: string }[] }[];
  return {
    to: 'failed',
    code: failure?.type ?? 'internal',
    message: failure?.message ?? 'the step ended in a way that is not known',
    errors: details?.errors ?? [],
    ...atStep,
  };
}
