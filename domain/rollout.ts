/** A number of tenants, or a share of all such as "10%". */
export type Wave = number | string;

/** How many tenants have been changed at the end of a wave; at least one if it is a share. */
function waveGoal(wave: Wave, tenants: number): number {
  return typeof wave === 'number' ? wave : Math.ceil((tenants * Number.parseInt(wave, 10)) / 100);
}

export interface RolloutProgress {
  readonly waves: readonly Wave[];
  /** Index of the current wave. */
  readonly wave: number;
  readonly tenants: number;
  readonly maxFailures: number;
  readonly counts: {
    readonly changing: number;
    readonly changed: number;
    readonly failed: number;
    readonly skipped: number;
  };
  /** Whether every tenant of the roll-out has been taken. */
  readonly exhausted: boolean;
}

export type RolloutStep =
  | { readonly kind: 'pause'; readonly reason: string }
  /** Take this many more tenants. */
  | { readonly kind: 'take'; readonly limit: number }
  | { readonly kind: 'next-wave' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'finish' };

/** Tenants that one roll-out changes at the same time. */
const maxConcurrent = 20;

/**
 * What a running roll-out does next. Too many failures pause it before anything else starts; a wave is over when all
 * its tenants have been changed. After the last wave the roll-out takes all tenants that are left; a last wave of all
 * tenants includes those created since.
 */
export function nextRolloutStep({
  waves,
  wave,
  tenants,
  maxFailures,
  counts,
  exhausted,
}: RolloutProgress): RolloutStep {
  const { changing, changed, failed, skipped } = counts;
  if (failed > maxFailures)
    return {
      kind: 'pause',
      reason: `${failed} ${failed === 1 ? 'tenant' : 'tenants'} could not be changed; at most ${maxFailures} may fail`,
    };
  if (exhausted) return { kind: changing > 0 ? 'wait' : 'finish' };
  const currentWave = waves[wave];
  const waveEnd = currentWave === undefined ? Infinity : waveGoal(currentWave, tenants);
  const goal = wave >= waves.length - 1 && waveEnd >= tenants ? Infinity : waveEnd;
  const taken = changing + changed + failed + skipped;
  if (taken < goal)
    return changing < maxConcurrent
      ? { kind: 'take', limit: Math.min(maxConcurrent - changing, goal - taken) }
      : { kind: 'wait' };
  return { kind: changing > 0 ? 'wait' : 'next-wave' };
}
