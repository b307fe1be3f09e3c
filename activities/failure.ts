import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { problems } from '../contracts/problems.ts';
import { retryDelayMs } from '../domain/backoff.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** A fault of our own is tried again this often, in case it was the moment's. */
const internalAttempts = 5;

/** The shortest wait before a further attempt: Temporal takes a failure whose delay is 0 for final. */
const soonestMs = 10;

/** A failure that is to be tried again after this time, or at once where none is given. */
export class RetryAfter extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs = soonestMs) {
    super(message);
    this.name = 'RetryAfter';
    this.delayMs = Math.max(soonestMs, Math.ceil(delayMs));
  }
}

/** A failure of what has no other way than on: it is tried again whatever it says, until what is in the way has been mended. */
export class RetryForever extends Error {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super('this has no other way than on');
    this.name = 'RetryForever';
    this.cause = cause;
  }
}

/**
 * What an activity throws to Temporal: the problem's code as type, its flaws as details; retryable or final as the
 * catalogue says, with full jitter between attempts.
 */
export function asFailure(thrown: unknown, attempt: number): Error {
  const error = thrown instanceof RetryForever ? thrown.cause : thrown;
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof RetryAfter)
    return ApplicationFailure.create({ type: 'not_yet', message: error.message, nextRetryDelay: error.delayMs });
  const known = error instanceof TenureError;
  const code = known ? error.code : 'internal';
  // The caller may ask again; this attempt is over.
  const retryable =
    (problems[code].retryable && code !== 'cancelled') ||
    (code === 'internal' && attempt < internalAttempts) ||
    (thrown instanceof RetryForever && code !== 'fenced');
  return ApplicationFailure.create({
    type: code,
    message: error instanceof Error ? error.message : 'a thrown value that is no Error',
    nonRetryable: !retryable,
    nextRetryDelay: retryDelayMs(attempt, Math.random()),
    details: [{ errors: known ? error.errors : [] }],
  });
}
