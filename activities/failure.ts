import { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { problems } from '../contracts/problems.ts';
import { retryDelayMs } from '../domain/backoff.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** An internal error is retried this often, in case it was temporary. */
const internalAttempts = 5;

/** The shortest delay before another attempt: Temporal treats a failure with delay 0 as final. */
const minDelayMs = 10;

/** A failure to retry after this time, or at once if none is given. */
export class RetryAfter extends Error {
  readonly delayMs: number;

  constructor(message: string, delayMs = minDelayMs) {
    super(message);
    this.name = 'RetryAfter';
    this.delayMs = Math.max(minDelayMs, Math.ceil(delayMs));
  }
}

/** A failure of work that can only go forward: it is retried, whatever the error, until the cause is fixed. */
export class RetryForever extends Error {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super('this can only go forward');
    this.name = 'RetryForever';
    this.cause = cause;
  }
}

/**
 * The error that an activity throws to Temporal: the problem's code as type, its flaws as details; retryable or final
 * as the catalogue says, with full jitter between attempts.
 */
export function asFailure(thrown: unknown, attempt = Context.current().info.attempt): Error {
  const error = thrown instanceof RetryForever ? thrown.cause : thrown;
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof RetryAfter)
    return ApplicationFailure.create({ type: 'not_yet', message: error.message, nextRetryDelay: error.delayMs });
  const known = error instanceof TenureError;
  const code = known ? error.code : 'internal';
  // The caller may send the request again; this attempt has ended.
  const retryable =
    (problems[code].retryable && code !== 'cancelled') ||
    (code === 'internal' && attempt < internalAttempts) ||
    (thrown instanceof RetryForever && code !== 'fenced');
  return ApplicationFailure.create({
    type: code,
    message: error instanceof Error ? error.message : 'a value was thrown that is not an Error',
    nonRetryable: !retryable,
    nextRetryDelay: retryDelayMs(attempt, Math.random()),
    details: [{ errors: known ? error.errors : [] }],
  });
}
