import { encodeTime, monotonicFactory } from 'ulid';

/** A factory of lower-case ULIDs that ascend within one process. */
export function createUlidFactory(): () => string {
  const next = monotonicFactory();
  return () => next().toLowerCase();
}

const timeLength = 10;

/** What every ULID of this time or later is not less than. */
export function ulidsFrom(timeMs: number): string {
  return encodeTime(timeMs, timeLength).toLowerCase();
}
