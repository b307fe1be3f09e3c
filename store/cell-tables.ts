import type { Transaction } from './commit.ts';
import { fullScan } from './reading.ts';
import type { ControlDatabase } from './control-database.ts';
import type { TenantDocument } from './documents.ts';

/**
 * The tables reserved on each cell, added up as tenants are placed and leave. Adding up all tenants at each placement
 * would take longer the more tenants there are.
 */
export interface CellTables {
  /** Counts a change of a tenant, in the transaction of the change. */
  count(
    tx: Transaction,
    change: { readonly before?: TablesOf | undefined; readonly after?: TablesOf | undefined },
  ): Promise<void>;
  /**
   * Writes to every document that `count` may write to for these cells, so that this transaction conflicts with any
   * that places a tenant there, or removes one, at the same time.
   */
  hold(tx: Transaction, cells: readonly string[]): Promise<void>;
  /** The sum of each cell. */
  sums(): Promise<Map<string, number>>;
}

/** The parts of a tenant that are counted. */
export type TablesOf = Pick<TenantDocument, 'placement' | 'tables'>;

/**
 * Transactions that write to the same document conflict, so each cell has several documents, and a change goes to a
 * random one.
 */
const partsOfCell = 8;

const partId = (cell: string, part: number): string => `${cell}/${part}`;

export function createCellTables({ cellTables }: Pick<ControlDatabase, 'cellTables'>): CellTables {
  return {
    async count(tx, { before, after }) {
      const changes = new Map<string, number>();
      const isMoved = before?.placement?.cell !== after?.placement?.cell;
      const add = (cell: string | undefined, tables: number): void => {
        if (cell !== undefined) changes.set(cell, (changes.get(cell) ?? 0) + tables);
      };
      add(before?.placement?.cell, -(before?.tables ?? 0));
      add(after?.placement?.cell, after?.tables ?? 0);
      for (const [cell, tables] of changes) {
        if (tables === 0 && !isMoved) continue;
        const part = Math.floor(Math.random() * partsOfCell);
        await cellTables.updateOne(
          { _id: partId(cell, part) },
          { $inc: { tables }, $setOnInsert: { cell } },
          { upsert: true, session: tx.session },
        );
      }
    },
    async hold(tx, cells) {
      const parts = cells.flatMap((cell) =>
        Array.from({ length: partsOfCell }, (_, part) => ({ cell, _id: partId(cell, part) })),
      );
      await cellTables.bulkWrite(
        parts.map(({ cell, _id }) => ({
          updateOne: {
            filter: { _id },
            update: { $inc: { holds: 1 }, $setOnInsert: { cell, tables: 0 } },
            upsert: true,
          },
        })),
        { session: tx.session },
      );
    },
    async sums() {
      const found = await cellTables
        .aggregate<{ _id: string; tables: number }>([{ $group: { _id: '$cell', tables: { $sum: '$tables' } } }])
        .toArray();
      return new Map(found.map(({ _id, tables }) => [_id, tables]));
    },
  };
}

/**
 * Counts again from all tenants, because an older build counts nothing. Safe while tenants change: a transaction that
 * writes to an existing part conflicts with this one, and a part that is created in the meantime holds only what this
 * one does not see.
 */
export async function recountCellTables({
  client,
  resources,
  cellTables,
}: Pick<ControlDatabase, 'client' | 'resources' | 'cellTables'>): Promise<void> {
  await client.withSession((session) =>
    session.withTransaction(
      async () => {
        await cellTables.updateMany({}, { $set: { tables: 0 } }, { session });
        const counted = await resources
          .aggregate<{ _id: string; tables: number }>(
            [
              { $match: { kind: 'Tenant', 'placement.cell': { $gt: '' } } },
              { $group: { _id: '$placement.cell', tables: { $sum: '$tables' } } },
            ],
            {
              ...fullScan,
              session,
              // Of the other indexes that match, one has twenty keys for each tenant.
              hint: { 'placement.cell': 1, _id: 1 },
            },
          )
          .toArray();
        for (const { _id: cell, tables } of counted) {
          await cellTables.updateOne({ _id: partId(cell, 0) }, { $set: { cell, tables } }, { upsert: true, session });
        }
      },
      { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } },
    ),
  );
}
