import { errorFields } from './logging.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';

const lookEveryMs = 1_000;

export interface TransactionWatchDependencies {
  /** Ends transactions that other processes have left behind; returns how many. */
  readonly endAbandoned: () => Promise<number>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'abandonedTransactions'>;
}

/**
 * Looks each second for transactions that a killed or suspended process has left behind: every process does, so that one is
 * enough. Returns how to stop.
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
      logger.warn('ended transactions that a process has left behind', { count });
    } catch (error) {
      // Readiness tells of a control database that is away.
      logger.debug('could not look for abandoned transactions', errorFields(error));
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  return () => clearInterval(timer);
}
