import { encodeTime, monotonicFactory } from 'ulid';

/** A factory of lower-case ULIDs that ascend within one process, also when `now` goes back. */
export function createUlidFactory(now: () => number = Date.now): () => string {
  const next = monotonicFactory();
  return () => next(now()).toLowerCase();
}

const timeLength = 10;

/** What every ULID of this time or later is not less than. */
export function ulidsFrom(timeMs: number): string {
  return encodeTime(timeMs, timeLength).toLowerCase();
}
