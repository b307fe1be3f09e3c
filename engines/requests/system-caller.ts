import { retryDelayMs } from '../../domain/backoff.ts';
import type { Caller } from './caller.ts';

/** The plane itself, asking for what is due by the clock or what mends drift. No token gives its role: policy knows none of this name. */
export function systemCaller(requestId: string): Caller {
  return { actor: { subject: 'tenure', roles: ['plane'] }, requestId, correlationId: requestId };
}

/**
 * How long the plane leaves alone what it began and what failed or was refused so often, in milliseconds: from a minute to
 * six hours, for it may succeed when somebody has changed something.
 */
export function leftAloneMs(failures: number): number {
  return retryDelayMs(failures, Math.random(), { baseMs: 60_000, capMs: 6 * 60 * 60 * 1000 });
}
