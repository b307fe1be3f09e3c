import type { CellObservation } from '../domain/placement.ts';
import { createCellTables } from './cell-tables.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';

/** The result of one worker's last check of a cell. */
export interface CellLook {
  readonly cell: string;
  readonly worker: string;
  readonly reachable: boolean;
  readonly checkTime: Date;
  /** Why the cell could not be used. */
  readonly error?: string;
}

export interface CellStore {
  /** Records the result of a worker's check of the cell. */
  observe(cell: string, worker: string, check: { reachable: boolean; error?: string }): Promise<void>;
  /** What is known now: a cell is reachable if any worker has reached it in the last half minute. */
  observations(): Promise<Map<string, CellObservation>>;
  /** Whether a worker other than this one has reached the cell in the last half minute. */
  reachedByAnother(cell: string, worker: string): Promise<boolean>;
  /**
   * The last check of each worker that has checked in the last half minute; for a cell that no worker has checked in
   * that time, the last check.
   */
  looks(): Promise<CellLook[]>;
  /** Removes the checks of workers that ended long ago. */
  forgetOld(): Promise<void>;
}

const staleMs = 30_000;
const keepMs = 24 * 60 * 60_000;

/** By mongod's clock, which also writes the time of each check. */
const checkedSince = (ageMs: number) => ({ $gte: ['$checkTime', { $subtract: ['$$NOW', ageMs] }] });

/** A document from a build that stored one check per cell has only the cell's name. */
const named = { $set: { cell: { $ifNull: ['$cell', '$_id'] }, worker: { $ifNull: ['$worker', ''] } } };

export function createCellStore(database: Pick<ControlDatabase, 'cells' | 'cellTables'>): CellStore {
  const { cells } = database;
  const cellTables = createCellTables(database);
  return {
    async observe(cell, worker, { reachable, error }) {
      await onControl(() =>
        cells.updateOne(
          { _id: `${cell}/${worker}` },
          [
            {
              $set: {
                cell,
                worker,
                reachable,
                checkTime: '$$NOW',
                error: error === undefined ? '$$REMOVE' : { $literal: error },
              },
            },
          ],
          { upsert: true },
        ),
      );
    },
    async observations() {
      const [checks, tables] = await onControl(() =>
        Promise.all([
          cells
            .aggregate<{ _id: string; reachable: boolean }>([
              named,
              { $group: { _id: '$cell', reachable: { $max: { $and: ['$reachable', checkedSince(staleMs)] } } } },
            ])
            .toArray(),
          cellTables.sums(),
        ]),
      );
      return new Map(checks.map(({ _id: cell, reachable }) => [cell, { reachable, tables: tables.get(cell) ?? 0 }]));
    },
    async reachedByAnother(cell, worker) {
      const found = await onControl(() =>
        cells.findOne(
          { cell, worker: { $ne: worker }, reachable: true, $expr: checkedSince(staleMs) },
          { projection: { _id: 1 } },
        ),
      );
      return found !== null;
    },
    async looks() {
      const checks = await onControl(() =>
        cells
          .aggregate<CellLook & { fresh: boolean }>([
            named,
            { $set: { fresh: checkedSince(staleMs) } },
            { $sort: { cell: 1, checkTime: -1, worker: 1 } },
          ])
          .toArray(),
      );
      const withFresh = new Set(checks.filter(({ fresh }) => fresh).map(({ cell }) => cell));
      const returned = new Set<string>();
      return checks.flatMap(({ cell, worker, reachable, checkTime, error, fresh }) => {
        if (!fresh && (withFresh.has(cell) || returned.has(cell))) return [];
        returned.add(cell);
        return [{ cell, worker, reachable, checkTime, ...(error === undefined ? {} : { error }) }];
      });
    },
    async forgetOld() {
      await onControl(() => cells.deleteMany({ $expr: { $not: checkedSince(keepMs) } }));
    },
  };
}
