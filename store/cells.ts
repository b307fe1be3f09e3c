import type { CellObservation } from '../domain/placement.ts';
import { createCellTables } from './cell-tables.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';

export interface CellStore {
  /** Writes down what a look at the cell showed. */
  observe(cell: string, seen: { reachable: boolean; error?: string }): Promise<void>;
  /** What is known now: a look older than `staleMs` does not count as reachable. */
  observations(): Promise<Map<string, CellObservation>>;
}

const staleMs = 30_000;

export function createCellStore(database: Pick<ControlDatabase, 'cells' | 'cellTables'>): CellStore {
  const { cells } = database;
  const promised = createCellTables(database);
  return {
    async observe(cell, { reachable, error }) {
      await onControl(() =>
        cells.updateOne({ _id: cell }, { $set: { reachable, checkTime: new Date(), ...(error === undefined ? {} : { error }) }, ...(error === undefined ? { $unset: { error: true } } : {}) }, { upsert: true }),
      );
    },
    async observations() {
      const [seen, tables] = await onControl(() => Promise.all([cells.find().toArray(), promised.sums()]));
      return new Map(
        seen.map((cell) => [cell._id, { reachable: cell.reachable && Date.now() - cell.checkTime.getTime() < staleMs, tables: tables.get(cell._id) ?? 0 }]),
      );
    },
  };
}
