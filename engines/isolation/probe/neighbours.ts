import { UUID } from 'mongodb';
import type { Document } from 'mongodb';
import { poolDatabase, pooledName } from '../../../domain/home-layout.ts';
import { listOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { planeDatabase } from '../parts/plane-database.ts';
import { footholds, nobody, noDocument, stops, unstorable } from './boundary-attempts.ts';
import type { BoundaryAttempt } from './boundary-attempts.ts';

/** A collection of another tenant. */
export interface Neighbour {
  /** Completes "mongod allowed it to find in …". */
  readonly what: string;
  readonly database: string;
  readonly name: string;
  /** Absent if there is no such collection: access to it is refused like access to any other. */
  readonly uuid?: UUID;
}

/** A uid that no tenant has. */
const noUid = '0'.repeat(26);

interface ListedCollection {
  readonly name: string;
  readonly info: { readonly uuid?: UUID };
}

async function firstCollection(
  home: Home,
  database: string,
  filter: Document,
): Promise<Pick<Neighbour, 'name' | 'uuid'> | undefined> {
  const collections = await listOnCell<ListedCollection>(home, database, {
    listCollections: 1,
    filter: { type: 'collection', ...filter },
  });
  const found = collections.find(({ name }) => !name.startsWith('system.'));
  return found === undefined
    ? undefined
    : { name: found.name, ...(found.info.uuid === undefined ? {} : { uuid: found.info.uuid }) };
}

/** The uid in the claim of any other tenant. */
async function otherTenantUid(home: Home, prefix: string): Promise<string | undefined> {
  const query = {
    find: 'claims',
    filter: { _id: { $regex: `^${prefix}`, $ne: home.layout.claim } },
    projection: { _id: 1 },
    limit: 1,
  };
  const [claim] = await listOnCell<{ _id: string }>(home, planeDatabase, query);
  return claim?._id.slice(prefix.length);
}

/** A tenant with its own database, and one in the pool; if there is none, made-up names. */
export async function findNeighbours(home: Home): Promise<Neighbour[]> {
  const name = home.layout.namespaces[0]?.declared.name ?? nobody;
  const database = `tenant_${(await otherTenantUid(home, 'tenant_')) ?? noUid}`;
  const pooledUid = (await otherTenantUid(home, `${poolDatabase}/`)) ?? noUid;
  return [
    { what: 'a neighbour’s collection', database, name, ...(await firstCollection(home, database, {})) },
    {
      what: 'a neighbour’s pooled collection',
      database: poolDatabase,
      name: pooledName(name, pooledUid),
      ...(await firstCollection(home, poolDatabase, { name: { $regex: `_${pooledUid}$` } })),
    },
  ];
}

/** Ways from the tenant's own collection to a neighbour's in the same database. */
function throughOwnCollection(own: string, { what, database, name }: Neighbour): BoundaryAttempt[] {
  const join = { from: name, as: 'theirs' };
  const through = (stage: Document): Document => ({
    aggregate: own,
    pipeline: [{ $match: noDocument }, stage],
    cursor: {},
  });
  const nested = {
    $lookup: { from: own, as: 'own', pipeline: [{ $lookup: { ...join, localField: 'a', foreignField: 'b' } }] },
  };
  return [
    {
      what: `look up ${what}`,
      database,
      command: through({ $lookup: { ...join, localField: 'a', foreignField: 'b' } }),
    },
    { what: `look up ${what} from within a look-up`, database, command: through(nested) },
    {
      what: `search ${what} as a graph`,
      database,
      command: through({ $graphLookup: { ...join, startWith: '$a', connectFromField: 'a', connectToField: 'b' } }),
    },
    { what: `read ${what} in a union`, database, command: through({ $unionWith: name }) },
    {
      what: `make a view of ${what}`,
      database,
      command: { create: nobody, viewOn: name, pipeline: [], capped: true },
      stoppedBy: stops.invalidOptions,
    },
  ];
}

/** Everything that would reach a neighbour's collection. */
export function attemptsOn(home: Home, neighbour: Neighbour): BoundaryAttempt[] {
  const { what, database, name, uuid } = neighbour;
  const otherUuid = new UUID();
  const writing = (stage: Document, own: string): Document => ({
    explain: { aggregate: own, pipeline: [stage], cursor: {} },
  });
  return [
    { what: `find in ${what}`, database, command: { find: name, limit: 1 } },
    ...(uuid === undefined
      ? []
      : [{ what: `find in ${what} by its UUID`, database, command: { find: uuid, limit: 1 } }]),
    {
      what: `watch ${what}`,
      database,
      command: { aggregate: name, pipeline: [{ $changeStream: {} }], cursor: { batchSize: 0 } },
    },
    { what: `list the indexes of ${what}`, database, command: { listIndexes: name } },
    {
      what: `insert into ${what}`,
      database,
      command: { insert: name, documents: unstorable },
      stoppedBy: stops.invalidId,
    },
    {
      what: `update ${what}`,
      database,
      command: { update: name, updates: [{ q: noDocument, u: { $set: { probe: 1 } } }] },
    },
    { what: `delete from ${what}`, database, command: { delete: name, deletes: [{ q: noDocument, limit: 0 }] } },
    {
      what: `change the validator of ${what}`,
      database,
      command: { collMod: name, validationLevel: 'off', collectionUUID: otherUuid },
      stoppedBy: stops.otherCollection,
    },
    {
      what: `rename ${what}`,
      database: 'admin',
      command: { renameCollection: `${database}.${name}`, to: `${database}.${name}` },
      stoppedBy: stops.sameName,
    },
    {
      what: `drop ${what}`,
      database,
      command: { drop: name, collectionUUID: otherUuid },
      stoppedBy: stops.otherCollection,
    },
    { what: `list what is next to ${what}`, database, command: { listCollections: 1, nameOnly: true } },
    ...footholds(home).flatMap((own) => [
      {
        what: `replace ${what}`,
        database: own.database,
        command: writing({ $out: { db: database, coll: name } }, own.name),
      },
      {
        what: `merge into ${what}`,
        database: own.database,
        command: writing({ $merge: { into: { db: database, coll: name } } }, own.name),
      },
      ...(own.database === database ? throughOwnCollection(own.name, neighbour) : []),
    ]),
  ];
}
