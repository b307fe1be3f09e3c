import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../platform/logging.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { ReadinessCheck } from '../../platform/ops-server.ts';
import type { CellStore } from '../../store/cells.ts';
import type { Cells, CellSeen } from './cells.ts';

const everyMs = 5_000;
/** Notice soon when a cell is back. */
const everyMsWhileAway = 1_000;

export interface CellMonitorDependencies {
  readonly cells: Cells;
  /** Called after each check. */
  readonly observe?: (cell: string, seen: CellSeen) => Promise<void>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'cellReachable'>;
}

/**
 * Checks every cell now and every few seconds. Resolves after the first checks, with a function that stops the monitor.
 */
export async function monitorCells({ cells, observe, logger, metrics }: CellMonitorDependencies): Promise<() => void> {
  const stopping = new AbortController();
  async function look(name: string): Promise<boolean> {
    const before = cells.lastSeen(name);
    const { reachable, error, ...seen } = await cells.look(name);
    if (before?.reachable !== reachable || before.error !== error) {
      logger[reachable ? 'info' : 'warn']('cell', { cell: name, reachable, ...(error === undefined ? {} : { error }) });
    }
    metrics.cellReachable.set({ cell: name }, reachable ? 1 : 0);
    // While the control database is away, nobody reads the observations either.
    await observe?.(name, { reachable, ...(error === undefined ? {} : { error }), ...seen }).catch(() => undefined);
    return reachable;
  }
  async function watch(name: string, reachable: boolean): Promise<void> {
    for (let last = reachable; ; last = await look(name))
      await delay(last ? everyMs : everyMsWhileAway, undefined, { signal: stopping.signal, ref: false });
  }
  const first = await Promise.all(cells.names.map(async (name) => [name, await look(name)] as const));
  for (const [name, reachable] of first) void watch(name, reachable).catch(() => undefined);
  return () => stopping.abort();
}

/**
 * Checks for a process that needs its cells: while one is away, it does what it can and reports that it is not ready.
 */
export function reachableChecks({ names, lastSeen }: Pick<Cells, 'names' | 'lastSeen'>): ReadinessCheck[] {
  return names.map((name) => ({
    name: `cell ${name}`,
    async check() {
      const seen = lastSeen(name);
      if (seen?.reachable !== true) throw new Error(seen?.error ?? 'not checked yet');
    },
  }));
}

/**
 * Checks for a process that only hands out the addresses of cells: it is ready if they are right. Whether a cell is
 * reachable is observed by the workers and reported for information.
 */
export function addressChecks(
  { names, lastSeen }: Pick<Cells, 'names' | 'lastSeen'>,
  { observations }: Pick<CellStore, 'observations'>,
): ReadinessCheck[] {
  return names.map((name) => ({
    name: `cell ${name}`,
    async check() {
      const seen = lastSeen(name);
      if (seen?.mismatch === true) throw new Error(seen.error ?? 'another deployment');
      const seenByWorkers = await observations().catch(() => undefined);
      return seenByWorkers?.get(name)?.reachable === true ? undefined : 'away';
    },
  }));
}
