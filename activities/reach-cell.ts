import { TenureError } from '../domain/tenure-error.ts';
import type { Cell, Cells } from '../engines/isolation/cells.ts';
import type { Store } from '../store/store.ts';
import { RetryAfter } from './failure.ts';

export interface CellReach {
  readonly cells: Cells;
  readonly store: { readonly cells: Pick<Store['cells'], 'reachedByAnother'> };
  /** The name of this worker among those that check cells. */
  readonly worker: string;
}

/** How soon another worker can try what this one cannot do. */
const handOffDelayMs = 500;

/**
 * Returns a cell to work on. A worker that cannot reach the cell fails at once, before it takes a lease; if
 * another worker can reach the cell, the delay is short, because the next attempt may run on any worker.
 * @throws RetryAfter; TenureError cell_unavailable, cell_mismatch
 */
export async function reachCell({ cells, store, worker }: CellReach, name: string): Promise<Cell> {
  try {
    return await cells.reach(name);
  } catch (error) {
    const isUnreachable =
      error instanceof TenureError && (error.code === 'cell_unavailable' || error.code === 'cell_mismatch');
    if (isUnreachable && (await store.cells.reachedByAnother(name, worker)))
      throw new RetryAfter(`${error.message}; another worker can reach it`, handOffDelayMs);
    throw error;
  }
}
