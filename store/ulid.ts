import { monotonicFactory } from 'ulid';

/** A factory of lower-case ULIDs that ascend within one process. */
export function createUlidFactory(): () => string {
  const next = monotonicFactory();
  return () => next().toLowerCase();
}
