import type { IndexSpec } from '../../../contracts/manifests/tenant.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { changeCollection } from './change-collection.ts';
import type { CollectionInHome } from './change-collection.ts';
import { indexDefinition, nameOnCell } from './indexes.ts';

/** What was left out, as "collection/index", with why. */
export type LeftOut = Map<string, string>;

/**
 * Makes the indexes. One that mongod refuses is left out where `leftOut` is given; which of several it is, is tried one by one.
 * @throws TenureError schema_rejected, cell_unavailable; what the lease throws
 */
export async function createIndexes(collection: CollectionInHome, indexes: readonly IndexSpec[], leftOut?: LeftOut): Promise<void> {
  const { declared, name } = collection.namespace;
  const [first] = indexes;
  try {
    await changeCollection(collection, { createIndexes: name, indexes: indexes.map(indexDefinition), commitQuorum: 'majority' }, indexes.map(nameOnCell));
  } catch (error) {
    if (leftOut === undefined || first === undefined || !(error instanceof TenureError) || error.code !== 'schema_rejected') throw error;
    if (indexes.length === 1) leftOut.set(`${declared.name}/${nameOnCell(first)}`, error.message);
    else for (const index of indexes) await createIndexes(collection, [index], leftOut);
  }
}
