import { withinMs } from '../platform/deadline.ts';
import type { Cell } from '../engines/isolation/cells.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { CellStore } from '../store/cells.ts';

const everyMs = 5_000;
const pingTimeoutMs = 2_000;

export interface CellMonitorDependencies {
  readonly cells: readonly Cell[];
  readonly observations: Pick<CellStore, 'observe'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'cellReachable'>;
}

/** Looks at every cell now and every five seconds, and writes down what it saw. Returns how to stop it. */
export async function monitorCells({ cells, observations, logger, metrics }: CellMonitorDependencies): Promise<() => void> {
  const last = new Map<string, boolean>();
  async function look({ name, client }: Cell): Promise<void> {
    const error = await withinMs(pingTimeoutMs, client.db('admin').command({ ping: 1 }), () => new Error('no answer in time')).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown.name : 'unknown'),
    );
    const reachable = error === undefined;
    if (last.get(name) !== reachable) logger[reachable ? 'info' : 'warn']('cell', { cell: name, reachable });
    last.set(name, reachable);
    metrics.cellReachable.set({ cell: name }, reachable ? 1 : 0);
    await observations.observe(name, { reachable, ...(error === undefined ? {} : { error }) });
  }
  const lookAtAll = async (): Promise<void> => {
    await Promise.allSettled(cells.map(look));
  };
  await lookAtAll();
  const timer = setInterval(() => void lookAtAll(), everyMs);
  return () => clearInterval(timer);
}
