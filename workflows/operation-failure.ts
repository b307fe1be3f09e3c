import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { StepKey } from '../domain/step-plan.ts';
import type { OperationFailure } from '../activities/operation-activities.ts';

function applicationFailure(error: unknown): ApplicationFailure | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : undefined;
}

/** Whether a later holder has taken the operation over: then nothing is left to do, and nothing to undo. */
export function isFenced(error: unknown): boolean {
  return applicationFailure(error)?.type === 'fenced';
}

/** What the failure of an attempt says, for people. */
export function reasonOf(error: unknown): string {
  const failure = applicationFailure(error);
  return failure === undefined ? 'it did not end in time' : `${failure.type ?? 'internal'}: ${failure.message}`;
}

/** Whether trying again cannot help. */
export function isFinal(error: unknown): boolean {
  return applicationFailure(error)?.nonRetryable === true;
}

/** Why the operation is to be turned round. */
export function failureOf(error: unknown, step: StepKey | undefined, cancelRequested: boolean): OperationFailure {
  const at = step === undefined ? {} : { step };
  // An attempt that is called off while it fails ends with its own error; what was asked for is the cancellation.
  if (cancelRequested || isCancellation(error))
    return { to: 'cancelled', code: 'cancelled', message: 'the operation was cancelled', ...at };
  const failure = applicationFailure(error);
  if (failure?.type === 'cancelled') return { to: 'cancelled', code: 'cancelled', message: failure.message, ...at };
  const [details] = (failure?.details ?? []) as { errors?: { message: string }[] }[];
  return {
    to: 'failed',
    code: failure?.type ?? 'internal',
    message: failure?.message ?? 'the step ended in a way that is not known',
    errors: details?.errors ?? [],
    ...at,
  };
}
