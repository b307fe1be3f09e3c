import { randomInt } from 'node:crypto';
import { OperatorError } from '../../tools/process/operator-error.ts';

/** How long chaos lasts, and what it strikes: see CONTRIBUTING.md. The defaults are those of `npm test`. */
export interface ChaosSettings {
  readonly seed: number;
  readonly durationMs: number;
  /** Whether MongoDB and Temporal are struck too, in a stack of their own. */
  readonly strikesStores: boolean;
  readonly longestPauseMs: number;
  /** In each isolation mode. */
  readonly tenantsPerMode: number;
  readonly callers: number;
}

/** A pause of this length outlasts every lease, deadline and claim of the plane. */
const longestPauseMs = 42_000;

function numberIn(environment: NodeJS.ProcessEnv, variable: string, otherwise: number): number {
  const given = Number(environment[variable] ?? otherwise);
  if (!Number.isFinite(given) || given < 0)
    throw new OperatorError(`${variable} is ${environment[variable]}; give it a number of 0 or more`);
  return given;
}

export function readChaosSettings(environment: NodeJS.ProcessEnv = process.env): ChaosSettings {
  const durationMs = numberIn(environment, 'TENURE_CHAOS_MINUTES', 0.4) * 60_000;
  return {
    seed:
      environment['TENURE_CHAOS_SEED'] === 'random'
        ? randomInt(2 ** 31)
        : numberIn(environment, 'TENURE_CHAOS_SEED', 4711),
    durationMs,
    strikesStores: numberIn(environment, 'TENURE_CHAOS_STORES', 0) > 0,
    longestPauseMs: Math.min(longestPauseMs, durationMs / 3),
    tenantsPerMode: numberIn(environment, 'TENURE_CHAOS_TENANTS', 2),
    callers: numberIn(environment, 'TENURE_CHAOS_CALLERS', 12),
  };
}
