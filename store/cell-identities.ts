import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';

/** Which deployment each cell is. Written once, at the first contact; what stands on a cell is worked on only where it is this one. */
export interface CellIdentityStore {
  /** The identity of the deployment that this cell is. */
  find(cell: string): Promise<string | undefined>;
  /** One cell is one deployment, and one deployment one cell: a duplicate key is an error of the driver's. */
  pin(tx: Transaction, cell: string, identity: string): Promise<void>;
  /** Of these tenants, one that is placed on another cell than this. */
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
