import { encodeTime, monotonicFactory } from 'ulid';

/** A factory of lower-case ULIDs that ascend within one process, even if `now` goes back. */
export function createUlidFactory(now: () => number = Date.now): () => string {
  const next = monotonicFactory();
  return () => next(now()).toLowerCase();
}

const timeLength = 10;

/** The lower bound of all ULIDs of this time or later. */
export function ulidsFrom(timeMs: number): string {
  return encodeTime(timeMs, timeLength).toLowerCase();
}
