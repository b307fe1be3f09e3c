import { setTimeout as delay } from 'node:timers/promises';
import type { Cells } from '../engines/isolation/cells.ts';
import type { ReadinessCheck } from '../platform/ops-server.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { CellStore } from '../store/cells.ts';

const everyMs = 5_000;
/** A cell that is back is to be used soon. */
const everyMsWhileAway = 1_000;

export interface CellMonitorDependencies {
  readonly cells: Cells;
  /** Names this worker among others. */
  readonly worker: string;
  readonly observations: Pick<CellStore, 'observe' | 'forgetOld'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'cellReachable'>;
}

/** Looks at every cell now and every few seconds, and writes down what it saw. Resolves after the first looks, with what stops it. */
export async function monitorCells({ cells, worker, observations, logger, metrics }: CellMonitorDependencies): Promise<() => void> {
  const stopping = new AbortController();
  async function look(name: string): Promise<boolean> {
    const before = cells.lastSeen(name);
    const seen = await cells.look(name);
    if (before?.reachable !== seen.reachable || before.error !== seen.error) {
      logger[seen.reachable ? 'info' : 'warn']('cell', { cell: name, reachable: seen.reachable, ...(seen.error === undefined ? {} : { error: seen.error }) });
    }
    metrics.cellReachable.set({ cell: name }, seen.reachable ? 1 : 0);
    // While the control database is away nobody asks either.
    await observations.observe(name, worker, seen).catch(() => undefined);
    return seen.reachable;
  }
  async function watch(name: string, reachable: boolean): Promise<void> {
    for (let last = reachable; ; last = await look(name)) await delay(last ? everyMs : everyMsWhileAway, undefined, { signal: stopping.signal, ref: false });
  }
  await observations.forgetOld().catch(() => undefined);
  const first = await Promise.all(cells.names.map(async (name) => [name, await look(name)] as const));
  for (const [name, reachable] of first) void watch(name, reachable).catch(() => undefined);
  return () => stopping.abort();
}

/** A worker that cannot work on one of its cells does what it can, and says that it is not ready. */
export function cellChecks(cells: Pick<Cells, 'names' | 'lastSeen'>): ReadinessCheck[] {
  return cells.names.map((name) => ({
    name: `cell ${name}`,
    async check() {
      const seen = cells.lastSeen(name);
      if (seen?.reachable !== true) throw new Error(seen?.error ?? 'not looked at yet');
    },
  }));
}
