import { TenureError } from '../domain/tenure-error.ts';

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
