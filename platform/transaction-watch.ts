import { errorFields } from './logging.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';

const lookEveryMs = 1_000;

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
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      const count = await endAbandoned();
      if (count === 0) return;
      metrics.abandonedTransactions.inc(count);
      logger.warn('aborted transactions abandoned by another process', { count });
    } catch (error) {
      // Readiness reports an unavailable control database.
      logger.debug('could not check for abandoned transactions', errorFields(error));
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  return () => clearInterval(timer);
}
