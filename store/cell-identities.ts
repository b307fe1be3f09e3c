import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';

/**
 * Which deployment each cell is. Written once, at the first contact. The plane works on a cell only if the deployment
 * that answers is this one.
 */
export interface CellIdentityStore {
  /** The identity of the deployment behind this cell. */
  find(cell: string): Promise<string | undefined>;
  /** One cell is one deployment, and one deployment is one cell: a violation is a duplicate key error of the driver. */
  pin(tx: Transaction, cell: string, identity: string): Promise<void>;
  /** One of these tenants that is placed on a cell other than this one. */
  placedElsewhere(
    uids: readonly string[],
    cell: string,
  ): Promise<{ readonly name: string; readonly cell: string } | undefined>;
}

export function createCellIdentityStore({
  cellIdentities,
  resources,
}: Pick<ControlDatabase, 'cellIdentities' | 'resources'>): CellIdentityStore {
  return {
    find: async (cell) => (await onControl(() => cellIdentities.findOne({ _id: cell })))?.identity,
    async pin(tx, cell, identity) {
      await cellIdentities.insertOne({ _id: cell, identity, pinTime: tx.time }, { session: tx.session });
    },
    async placedElsewhere(uids, cell) {
      const found = await onControl(() =>
        resources.findOne(
          { kind: 'Tenant', _id: { $in: [...uids] }, 'placement.cell': { $gt: '', $ne: cell } },
          { projection: { kind: 1, name: 1, placement: 1 } },
        ),
      );
      return found?.kind === 'Tenant' && found.placement !== null
        ? { name: found.name, cell: found.placement.cell }
        : undefined;
    },
  };
}
