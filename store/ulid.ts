import { encodeTime, monotonicFactory } from 'ulid';

/** A factory of lower-case ULIDs that ascend within one process, even if `now` goes back. */
export function createUlidFactory(now: () => number = Date.now): () => string {
  const next = monotonicFactory();
  return () => next(now()).toLowerCase();
}

const timeLength = 10;
const lastTime = 2 ** 48 - 1;

/**
 * The lower bound of all ULIDs of this time or later, in milliseconds since the epoch. ULIDs begin with the epoch and
 * end in the year 10889; a time outside of that is the nearest one that they have.
 */
export function ulidsFrom(timeMs: number): string {
  return encodeTime(Math.min(Math.max(timeMs, 0), lastTime), timeLength).toLowerCase();
}
