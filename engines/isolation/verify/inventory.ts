import { readOnCell } from '../cell-commands.ts';
import type { CellWork } from '../home.ts';

/** What a running mongod says it has. */
export interface Inventory {
  readonly version: string;
  readonly commands: readonly { readonly name: string; readonly adminOnly: boolean }[];
  /** With the dollar sign. */
  readonly stages: readonly string[];
}

/**
 * Asks mongod itself, so that what a newer version brings is probed too. No command lists the stages; mongod counts how often each was
 * used, and has a counter for every stage that it knows.
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
