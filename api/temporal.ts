import { TenureError } from '../domain/tenure-error.ts';
import { withinMs } from '../platform/deadline.ts';
import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';

const trustMs = 1_000;

/**
 * Resolves if Temporal has answered within the last second; otherwise pings it.
 * @throws TenureError temporal_unavailable
 */
export function createTemporalGuard(ping: () => Promise<void>, now: () => number = Date.now): () => Promise<void> {
  let answeredAt = -Infinity;
  return async () => {
    if (now() - answeredAt < trustMs) return;
    try {
      await ping();
      answeredAt = now();
    } catch (error) {
      throw new TenureError('temporal_unavailable', 'Temporal does not respond', { cause: error });
    }
  };
}

/** An accepted request must be answered soon, even if Temporal becomes unavailable at this moment. */
const temporalTimeoutMs = 2_000;

/**
 * Starts accepted work in Temporal. It never fails: if Temporal does not start the work now, the sweep does so later.
 */
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
        () => new TenureError('temporal_unavailable', 'Temporal did not respond in time'),
      );
    } catch (error) {
      logger.warn(`${what} is left to the sweep`, { ...about, ...errorFields(error) });
    }
  };
}
