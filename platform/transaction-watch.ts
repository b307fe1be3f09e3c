import { errorFields } from './logging.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';

const checkEveryMs = 1_000;

export interface TransactionWatchDependencies {
  /** Aborts transactions that other processes have abandoned; returns their number. */
  readonly endAbandoned: () => Promise<number>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'abandonedTransactions'>;
}

/**
 * Checks every second for transactions abandoned by a killed or suspended process. Every process does this, so one
 * running process is enough. Returns a function that stops it.
 */
export function watchTransactions({ endAbandoned, logger, metrics }: TransactionWatchDependencies): () => void {
  let checking = false;
  const check = async (): Promise<void> => {
    if (checking) return;
    checking = true;
    try {
      const count = await endAbandoned();
      if (count === 0) return;
      metrics.abandonedTransactions.inc(count);
      logger.warn('aborted transactions abandoned by another process', { count });
    } catch (error) {
      // Readiness reports an unavailable control database.
      logger.debug('could not check for abandoned transactions', errorFields(error));
    } finally {
      checking = false;
    }
  };
  const timer = setInterval(() => void check(), checkEveryMs);
  return () => clearInterval(timer);
}
