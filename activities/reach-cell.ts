import { TenureError } from '../domain/tenure-error.ts';
import type { Cell, Cells } from '../engines/isolation/cells.ts';
import type { Store } from '../store/store.ts';
import { RetryAfter } from './failure.ts';

export interface CellReach {
  readonly cells: Cells;
  readonly store: { readonly cells: Pick<Store['cells'], 'reachedByAnother'> };
  /** Names this worker among those that look at cells. */
  readonly worker: string;
}

/** So soon another worker gets its turn at what this one cannot do. */
const giveWayMs = 500;

/**
 * A cell, to work on. A worker that cannot reach it gives way at once, before it has taken anything, and for a short time only where
 * another worker can: the next attempt may be anybody's.
 * @throws RetryAfter; TenureError cell_unavailable, cell_mismatch
 */
export async function reachCell({ cells, store, worker }: CellReach, name: string): Promise<Cell> {
  try {
    return await cells.reach(name);
  } catch (error) {
    const isAway =
      error instanceof TenureError && (error.code === 'cell_unavailable' || error.code === 'cell_mismatch');
    if (isAway && (await store.cells.reachedByAnother(name, worker)))
      throw new RetryAfter(`${error.message}; another worker reaches it`, giveWayMs);
    throw error;
  }
}
