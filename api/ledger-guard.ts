import { TenureError } from '../domain/tenure-error.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { SequencingLag } from '../store/sequencing-lag.ts';

export interface LedgerGuardDependencies {
  readonly lag: SequencingLag;
  readonly maxLagMs: number;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'sequencingLag'>;
}

/** Refuses changes while nobody sequences what they would add to the ledger. */
export interface LedgerGuard {
  /** @throws TenureError ledger_behind */
  requireSequenced(): void;
  stop(): void;
}

const everyMs = 2_000;

/** Measures the lag now and every two seconds. */
export function startLedgerGuard({ lag, maxLagMs, logger, metrics }: LedgerGuardDependencies): LedgerGuard {
  let isBehind = false;
  let isMeasuring = false;
  async function measure(): Promise<void> {
    if (isMeasuring) return;
    isMeasuring = true;
    try {
      const lagMs = await lag();
      metrics.sequencingLag.set(lagMs / 1000);
      const wasBehind = isBehind;
      isBehind = lagMs > maxLagMs;
      if (isBehind !== wasBehind)
        logger[isBehind ? 'error' : 'info'](
          isBehind
            ? `the ledger has not been sequenced for ${Math.round(lagMs / 1000)} s: changes are refused`
            : 'the ledger is sequenced again: changes are accepted',
        );
    } catch {
      // While the control database is unavailable, no change can be committed anyway.
    } finally {
      isMeasuring = false;
    }
  }
  void measure();
  const timer = setInterval(() => void measure(), everyMs);
  return {
    requireSequenced() {
      if (isBehind)
        throw new TenureError(
          'ledger_behind',
          'the ledger has not been sequenced for too long, so no change is accepted',
        );
    },
    stop: () => clearInterval(timer),
  };
}
