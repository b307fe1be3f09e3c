import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../platform/logging.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { ReadinessCheck } from '../../platform/ops-server.ts';
import type { CellStore } from '../../store/cells.ts';
import type { Cells, CellSeen } from './cells.ts';

const everyMs = 5_000;
/** Notice soon when a cell is back. */
const everyMsWhileUnreachable = 1_000;

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
  async function check(name: string): Promise<boolean> {
    const before = cells.lastSeen(name);
    const { reachable, error, ...rest } = await cells.look(name);
    if (before?.reachable !== reachable || before.error !== error) {
      logger[reachable ? 'info' : 'warn']('cell', { cell: name, reachable, ...(error === undefined ? {} : { error }) });
    }
    metrics.cellReachable.set({ cell: name }, reachable ? 1 : 0);
    // While the control database is away, nobody reads the observations either.
    await observe?.(name, { reachable, ...(error === undefined ? {} : { error }), ...rest }).catch(() => undefined);
    return reachable;
  }
  async function watch(name: string, reachable: boolean): Promise<void> {
    for (let last = reachable; ; last = await check(name))
      await delay(last ? everyMs : everyMsWhileUnreachable, undefined, { signal: stopping.signal, ref: false });
  }
  const first = await Promise.all(cells.names.map(async (name) => [name, await check(name)] as const));
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
      const last = lastSeen(name);
      if (last?.reachable !== true) throw new Error(last?.error ?? 'not checked yet');
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
      const last = lastSeen(name);
      if (last?.mismatch === true) throw new Error(last.error ?? 'another deployment');
      const seenByWorkers = await observations().catch(() => undefined);
      return seenByWorkers?.get(name)?.reachable === true ? undefined : 'away';
    },
  }));
}
