import { readOnCell } from '../cell-commands.ts';
import type { CellWork } from '../home.ts';

/** The commands and stages that a running mongod reports. */
export interface Inventory {
  readonly version: string;
  readonly commands: readonly { readonly name: string; readonly adminOnly: boolean }[];
  /** Including the dollar sign. */
  readonly stages: readonly string[];
}

/**
 * Asks mongod itself, so that additions of newer versions are probed too. No command lists the stages, but mongod has a
 * usage counter for every stage that it knows.
 * @throws TenureError cell_unavailable
 */
export async function readInventory(work: CellWork): Promise<Inventory> {
  const { commands } = (await readOnCell(work, 'admin', { listCommands: 1 })) as {
    commands?: Record<string, { adminOnly?: boolean }>;
  };
  const status = await readOnCell(work, 'admin', { serverStatus: 1 });
  const counters = ((status['metrics'] ?? {}) as { aggStageCounters?: object }).aggStageCounters ?? {};
  return {
    version: String(status['version']),
    commands: Object.entries(commands ?? {}).map(([name, { adminOnly }]) => ({ name, adminOnly: adminOnly === true })),
    stages: Object.keys(counters),
  };
}
