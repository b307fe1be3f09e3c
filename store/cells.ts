import type { CellObservation } from '../domain/placement.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';

export interface CellStore {
  /** Writes down what a look at the cell showed. */
  observe(cell: string, seen: { reachable: boolean; error?: string }): Promise<void>;
  /** What is known now: a look older than `staleMs` does not count as reachable. */
  observations(): Promise<Map<string, CellObservation>>;
}

const staleMs = 30_000;

export function createCellStore({ cells, resources }: ControlDatabase): CellStore {
  return {
    async observe(cell, { reachable, error }) {
      await onControl(() =>
        cells.updateOne({ _id: cell }, { $set: { reachable, checkTime: new Date(), ...(error === undefined ? {} : { error }) }, ...(error === undefined ? { $unset: { error: true } } : {}) }, { upsert: true }),
      );
    },
    async observations() {
      const [seen, promised] = await onControl(() =>
        Promise.all([
          cells.find().toArray(),
          resources
            .aggregate<{ _id: string; tables: number }>([
              { $match: { kind: 'Tenant', 'placement.cell': { $exists: true } } },
              { $group: { _id: '$placement.cell', tables: { $sum: '$tables' } } },
            ])
            .toArray(),
        ]),
      );
      const tables = new Map(promised.map((cell) => [cell._id, cell.tables]));
      return new Map(
        seen.map((cell) => [cell._id, { reachable: cell.reachable && Date.now() - cell.checkTime.getTime() < staleMs, tables: tables.get(cell._id) ?? 0 }]),
      );
    },
  };
}
