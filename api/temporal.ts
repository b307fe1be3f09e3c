import { TenureError } from '../domain/tenure-error.ts';

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
