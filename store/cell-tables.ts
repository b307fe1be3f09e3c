import type { Transaction } from './commit.ts';
import { goingOverAll } from './bounded-reads.ts';
import type { ControlDatabase } from './control-database.ts';
import type { TenantDocument } from './documents.ts';

/**
 * The tables that are promised on each cell, added up as tenants are placed and leave. Adding up all tenants at each
 * placement takes the longer the more there are.
 */
export interface CellTables {
  /** Counts a change of a tenant, in its transaction. */
  count(
    tx: Transaction,
    change: { readonly before?: TablesOf | undefined; readonly after?: TablesOf | undefined },
  ): Promise<void>;
  /**
   * Writes to all that `count` may write to for these cells, so that whoever places a tenant there, or takes one away, at the same time and
   * this give way to each other.
   */
  hold(tx: Transaction, cells: readonly string[]): Promise<void>;
  /** By cell. */
  sums(): Promise<Map<string, number>>;
}

/** What of a tenant is counted. */
export type TablesOf = Pick<TenantDocument, 'placement' | 'tables'>;

/** Transactions that write to one document give way to each other, so each cell has several, and any change goes to any of them. */
const partsOfCell = 8;

const partId = (cell: string, part: number): string => `${cell}/${part}`;

export function createCellTables({ cellTables }: Pick<ControlDatabase, 'cellTables'>): CellTables {
  return {
    async count(tx, { before, after }) {
      const changes = new Map<string, number>();
      const moves = before?.placement?.cell !== after?.placement?.cell;
      const add = (cell: string | undefined, tables: number): void => {
        if (cell !== undefined) changes.set(cell, (changes.get(cell) ?? 0) + tables);
      };
      add(before?.placement?.cell, -(before?.tables ?? 0));
      add(after?.placement?.cell, after?.tables ?? 0);
      for (const [cell, tables] of changes) {
        if (tables === 0 && !moves) continue;
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
 * Counts anew from all tenants: those of an older build, which counts nothing, are in no sum. Safe beside changes: whoever
 * writes to a part that stands gives way to this or makes it start over, and a part that comes to be meanwhile holds only
 * what this does not see.
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
              ...goingOverAll,
              session,
              // Of the others that fit, one has twenty keys for each tenant.
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
