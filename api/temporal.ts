import { TenureError } from '../domain/tenure-error.ts';
import { withinMs } from '../platform/deadline.ts';
import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';

const trustMs = 1_000;

/** Lets through while Temporal has answered within the last second; asks it otherwise. */
export function createTemporalGuard(ping: () => Promise<void>, now: () => number = Date.now): () => Promise<void> {
  let answeredAt = -Infinity;
  return async () => {
    if (now() - answeredAt < trustMs) return;
    try {
      await ping();
      answeredAt = now();
    } catch (error) {
      throw new TenureError('temporal_unavailable', 'Temporal does not answer', { cause: error });
    }
  };
}

/** What is accepted is answered soon, also when Temporal goes away at this moment. */
const temporalTimeoutMs = 2_000;

/** Has Temporal begin what was accepted. What it does not begin now, the sweep begins: so this never fails. */
export type StartOrDefer = (
  what: string,
  about: { readonly operationId?: string; readonly rollout?: string },
  work: Promise<void>,
) => Promise<void>;

export function createStartOrDefer(logger: Pick<Logger, 'warn'>): StartOrDefer {
  return async (what, about, work) => {
    try {
      await withinMs(
        temporalTimeoutMs,
        work,
        () => new TenureError('temporal_unavailable', 'Temporal did not answer in time'),
      );
    } catch (error) {
      logger.warn(`${what} is left to the sweep`, { ...about, ...errorFields(error) });
    }
  };
}
