/**
 * When an event is sent again. The delays between attempts are those that Standard Webhooks 1.0.0 recommends: about 76
 * hours in all.
 */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Before the second attempt, the third, and so on. */
export const retryDelaysMs = [
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
] as const;

/** A delay is longer by up to this share of it, so that what failed together is not sent again together. */
const jitter = 0.2;
const longestRetryAfterMs = 24 * hourMs;

export interface FailedAttempt {
  /** How many attempts were made, with this one. */
  readonly attempts: number;
  /** How long the receiver asked to wait. */
  readonly retryAfterMs?: number | undefined;
  /** From 0 to 1. */
  readonly random: number;
}

/** How long to wait for the next attempt, in milliseconds. Undefined if this one was the last. */
export function retryDelay({ attempts, retryAfterMs = 0, random }: FailedAttempt): number | undefined {
  const delay = retryDelaysMs[attempts - 1];
  if (delay === undefined) return undefined;
  return Math.round(Math.max(delay * (1 + jitter * random), Math.min(retryAfterMs, longestRetryAfterMs)));
}

/** An endpoint that has accepted nothing for so long is disabled. */
export const disableAfterMs = 120 * hourMs;
/** Its owner is told when this share of that time is over. */
const warnAfterShares = [0.5, 0.75, 0.9] as const;

/** How many warnings are due for an endpoint that has accepted nothing for this long. */
export function dueWarnings(failingMs: number): number {
  return warnAfterShares.filter((share) => failingMs >= share * disableAfterMs).length;
}

/** These answers ask to send less. */
const throttlingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const leastPauseMs = 5 * secondMs;
const longestPauseMs = hourMs;

/** How long nothing is sent to an endpoint after this answer, in milliseconds. */
export function pauseAfter(status: number | undefined, retryAfterMs: number | undefined): number {
  if (status === undefined || !throttlingStatuses.has(status)) return 0;
  return Math.min(Math.max(retryAfterMs ?? 0, leastPauseMs), longestPauseMs);
}

/** How long a `Retry-After` header asks to wait (RFC 9110, section 10.2.3). Undefined if it cannot be read. */
export function parseRetryAfter(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * secondMs;
  // Date.parse also reads what is no HTTP date, such as a negative number.
  const time = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : Math.max(0, time - now.getTime());
}
