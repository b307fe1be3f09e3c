import { retryDelayMs } from '../../domain/backoff.ts';
import type { Caller } from './caller.ts';

/**
 * The plane itself as the caller, for due work and for repairing drift. No token can grant its role, because policy
 * does not know it.
 */
export function systemCaller(requestId: string): Caller {
  return { actor: { subject: 'tenure', roles: ['plane'] }, requestId, correlationId: requestId };
}

/**
 * How long the plane waits, in milliseconds, before it retries work that failed or was refused this often: from a
 * minute to six hours, because a retry may succeed once somebody has changed something.
 */
export function leftAloneMs(failures: number): number {
  return retryDelayMs(failures, Math.random(), { baseMs: 60_000, capMs: 6 * 60 * 60 * 1000 });
}
