import type { Filter, Collection } from 'mongodb';
import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { TombstoneDocument } from './documents.ts';
import { mapSized, readSized } from './reading.ts';
import type { Sized } from './reading.ts';
import { upgradeOnRead } from './storage-versions.ts';

export interface TombstonePage {
  /** Of tenants that had this name. */
  readonly name?: string;
  /** Only these, if given. */
  readonly uids?: readonly string[];
  /** Uids before this one. */
  readonly before?: string;
  readonly limit: number;
}

/** What remains of purged tenants: that they existed, and when they were purged. Never removed. */
export interface TombstoneStore {
  insert(tx: Transaction, tombstone: TombstoneDocument): Promise<void>;
  /** The last revision of the last tenant that had this name; 0 if there was none. */
  lastRevision(tx: Transaction, name: string): Promise<number>;
  find(uid: string): Promise<TombstoneDocument | undefined>;
  /** By uid, the newest tenant first. */
  scan(page: TombstonePage): AsyncIterable<Sized<TombstoneDocument>>;
}

export function createTombstoneStore({ tombstones }: ControlDatabase): TombstoneStore {
  return {
    async insert(tx, tombstone) {
      await tombstones.insertOne(tombstone, { session: tx.session });
    },
    async lastRevision(tx, name) {
      const [last] = await tombstones.find({ name }, { session: tx.session }).sort({ _id: -1 }).limit(1).toArray();
      return last === undefined ? 0 : upgradeOnRead(last).revision;
    },
    async find(uid) {
      const document = await onControl(() => tombstones.findOne({ _id: uid }));
      return document === null ? undefined : upgradeOnRead(document);
    },
    scan({ name, uids, before, limit }) {
      const filter: Filter<TombstoneDocument> = {
        ...(name === undefined ? {} : { name }),
        ...(before === undefined && uids === undefined
          ? {}
          : {
              _id: {
                ...(before === undefined ? {} : { $lt: before }),
                ...(uids === undefined ? {} : { $in: [...uids] }),
              },
            }),
      };
      return mapSized(readSized(tombstones, filter, { sort: { _id: -1 }, limit }), (document) =>
        upgradeOnRead(document),
      );
    },
  };
}

/** Ids of the documents whose tenant is no longer in the registry. `tenantField` holds its uid. */
export async function idsOfPurged<Document extends { _id: string }>(
  { resources }: Pick<ControlDatabase, 'resources'>,
  collection: Collection<Document>,
  filter: Filter<Document>,
  tenantField: '_id' | 'tenant',
): Promise<string[]> {
  const found = await collection
    .aggregate<{ _id: string }>([
      { $match: filter },
      {
        $lookup: {
          from: resources.collectionName,
          localField: tenantField,
          foreignField: '_id',
          pipeline: [{ $project: { _id: 1 } }],
          as: 'found',
        },
      },
      { $match: { found: [] } },
      { $project: { _id: 1 } },
    ])
    .toArray();
  return found.map(({ _id }) => _id);
}
