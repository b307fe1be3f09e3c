import { Timestamp } from 'mongodb';
import type { Document } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { Home } from '../home.ts';
import { planeDatabase } from '../parts/plane-database.ts';
import { footholds } from '../probe/boundary-attempts.ts';
import type { ProbeTarget, Probe } from './probe.ts';
import type { Inventory } from './inventory.ts';
import { mark } from './probe.ts';

/** Name, database, command. */
type Crafted = readonly [name: string, database: string, command: Document];

/** Ways to read the other tenant's data, or to learn about it. */
function readProbes({ database, collection, uuid }: ProbeTarget, { layout }: Home): Crafted[] {
  const onTarget = (name: string, command: Document): Crafted => [name, database, command];
  const admin = (name: string, command: Document): Crafted => [name, 'admin', command];
  const aggregate = (name: string, ...pipeline: Document[]): Crafted =>
    onTarget(name, { aggregate: collection, pipeline, cursor: {} });
  const { user, roles } = layout;
  return [
    onTarget('find by UUID', { find: uuid }),
    onTarget('find at a snapshot', { find: collection, readConcern: { level: 'snapshot' } }),
    onTarget('find, from a secondary', { find: collection, $readPreference: { mode: 'secondaryPreferred' } }),
    onTarget('find, to be explained', { explain: { find: collection }, verbosity: 'executionStats' }),
    onTarget('aggregate, to be explained', {
      explain: { aggregate: collection, pipeline: [], cursor: {} },
      verbosity: 'executionStats',
    }),
    onTarget('update, to be explained', {
      explain: { update: collection, updates: [{ q: {}, u: { $set: { x: 1 } } }] },
    }),
    onTarget('count', { count: collection }),
    onTarget('distinct', { distinct: collection, key: 'canary' }),
    aggregate('watch with full documents', { $changeStream: { fullDocument: 'updateLookup' } }),
    aggregate('watch from the beginning', { $changeStream: { startAtOperationTime: new Timestamp({ t: 1, i: 1 }) } }),
    onTarget('watch the database', { aggregate: 1, pipeline: [{ $changeStream: {} }], cursor: {} }),
    admin('watch the cluster', {
      aggregate: 1,
      pipeline: [{ $changeStream: { allChangesForCluster: true } }],
      cursor: {},
    }),
    onTarget('list collections', { listCollections: 1 }),
    onTarget('list collections by name', { listCollections: 1, nameOnly: true }),
    onTarget('list this collection', { listCollections: 1, filter: { name: collection } }),
    onTarget('list indexes by UUID', { listIndexes: uuid }),
    onTarget('users of the database', { usersInfo: 1 }),
    onTarget('its user', { usersInfo: { user, db: layout.database }, showPrivileges: true }),
    admin('users of all databases', { usersInfo: { forAllDBs: true } }),
    [`its role`, roles.database, { rolesInfo: { role: roles.readWrite, db: roles.database }, showPrivileges: true }],
    onTarget('read the profile', { find: 'system.profile' }),
    onTarget('read stored functions', { find: 'system.js' }),
    onTarget('read view definitions', { find: 'system.views' }),
    onTarget('read the buckets of a time series', { find: `system.buckets.${collection}` }),
    admin('read users', { find: 'system.users' }),
    admin('read roles', { find: 'system.roles' }),
    admin('read keys', { find: 'system.keys' }),
    ['read the oplog', 'local', { find: 'oplog.rs', limit: 1 }],
    ['read the start-up log', 'local', { find: 'startup_log', limit: 1 }],
    ['read transactions', 'config', { find: 'transactions', limit: 1 }],
    ['read sessions', 'config', { find: 'system.sessions', limit: 1 }],
    ['read pre-images', 'config', { find: 'system.preimages', limit: 1 }],
    [
      'list all sessions',
      'config',
      { aggregate: 'system.sessions', pipeline: [{ $listSessions: { allUsers: true } }], cursor: {} },
    ],
    ['read the plane’s claims', planeDatabase, { find: 'claims' }],
    admin('see what others do', { currentOp: 1, $all: true }),
    admin('see what others do, in a pipeline', {
      aggregate: 1,
      pipeline: [{ $currentOp: { allUsers: true, idleSessions: true, idleCursors: true } }],
      cursor: {},
    }),
  ];
}

/** Ways to change what belongs to the other tenant, to add to it, or to get its rights. */
function writeProbes(
  { database, collection, uuid }: ProbeTarget,
  { layout: theirs }: Home,
  { layout: mine }: Home,
): Crafted[] {
  const onTarget = (name: string, command: Document): Crafted => [name, database, command];
  const namespace = `${database}.${collection}`;
  const onTheirs = { resource: { db: database, collection }, actions: ['find', 'insert'] };
  const theirRole = { role: theirs.roles.readOnly, db: theirs.roles.database };
  return [
    onTarget('insert by UUID', { insert: collection, collectionUUID: uuid, documents: [mark] }),
    onTarget('upsert', { update: collection, updates: [{ q: mark, u: { $set: mark }, upsert: true }] }),
    onTarget('find and remove', { findAndModify: collection, query: {}, remove: true }),
    onTarget('find and update', { findAndModify: collection, query: {}, update: { $set: mark } }),
    [
      'bulk write',
      'admin',
      { bulkWrite: 1, ops: [{ delete: 0, filter: {}, multi: true }], nsInfo: [{ ns: namespace }] },
    ],
    onTarget('make it capped', { create: collection, capped: true, size: 4096 }),
    onTarget('make a view of it', { create: 'tenure_seen', viewOn: collection, pipeline: [] }),
    onTarget('make a time series next to it', { create: 'tenure_series', timeseries: { timeField: 't' } }),
    onTarget('write into buckets of a time series', { insert: `system.buckets.${collection}`, documents: [mark] }),
    onTarget('store a function', { insert: 'system.js', documents: [{ _id: 'stranger', value: 1 }] }),
    onTarget('make an index', {
      createIndexes: collection,
      indexes: [{ key: { stranger: 1 }, name: 'stranger', expireAfterSeconds: 0 }],
    }),
    onTarget('drop indexes', { dropIndexes: collection, index: '*' }),
    onTarget('change the validator', { collMod: collection, validator: {}, validationLevel: 'off' }),
    onTarget('drop the database', { dropDatabase: 1 }),
    onTarget('profile', { profile: 2 }),
    ['apply operations', 'admin', { applyOps: [{ op: 'i', ns: namespace, o: { _id: 'stranger' } }] }],
    ['write the oplog', 'local', { insert: 'oplog.rs', documents: [mark] }],
    [
      'write users',
      'admin',
      { update: 'system.users', updates: [{ q: { user: mine.user }, u: { $set: { roles: [] } } }] },
    ],
    ['write the plane’s claims', planeDatabase, { delete: 'claims', deletes: [{ q: {}, limit: 0 }] }],
    [`take its password`, theirs.database, { updateUser: theirs.user, pwd: 'stolen' }],
    [`drop its user`, theirs.database, { dropUser: theirs.user }],
    [`make a user next to it`, theirs.database, { createUser: 'stranger', pwd: 'stranger', roles: [theirRole] }],
    [
      `widen its role`,
      theirs.roles.database,
      { grantPrivilegesToRole: theirs.roles.readWrite, privileges: [onTheirs] },
    ],
    [`end its sessions`, 'admin', { killAllSessions: [{ user: theirs.user, db: theirs.database }] }],
    ['end the sessions of all', 'admin', { killAllSessions: [] }],
    ['end all sessions by a pattern', 'admin', { killAllSessionsByPattern: [] }],
    // What the tenant might do to itself.
    [`grant itself its role`, mine.database, { grantRolesToUser: mine.user, roles: [theirRole] }],
    [`set its own roles`, mine.database, { updateUser: mine.user, roles: [theirRole] }],
    [`set its own password`, mine.database, { updateUser: mine.user, pwd: 'changed' }],
    [`set its own data`, mine.database, { updateUser: mine.user, customData: { tenant: theirs.user } }],
    [
      `widen its own role`,
      mine.roles.database,
      { grantPrivilegesToRole: mine.roles.readWrite, privileges: [onTheirs] },
    ],
    [`make a role for itself`, mine.database, { createRole: 'stranger', privileges: [onTheirs], roles: [] }],
  ];
}

/** Ways out of one of the tenant's own collections. */
function fromOwn({ database, collection }: ProbeTarget, own: HomeNamespace): Crafted[] {
  const onOwn = (name: string, command: Document): Crafted => [`${name} from ${own.database}`, own.database, command];
  const through = (name: string, ...pipeline: Document[]): Crafted =>
    onOwn(name, { aggregate: own.name, pipeline, cursor: {} });
  const [mine, theirs] = [`${own.database}.${own.name}`, `${database}.${collection}`];
  const join = { from: collection, localField: 'x', foreignField: 'x', as: 'theirs' };
  const out = { $out: { db: database, coll: collection } };
  const merge = { $merge: { into: { db: database, coll: collection } } };
  const sameDatabase = [
    through('look up in a look-up', { $lookup: { from: own.name, pipeline: [{ $lookup: join }], as: 'own' } }),
    through('look up in a facet', { $facet: { theirs: [{ $lookup: join }] } }),
    through('look up in a union', { $unionWith: { coll: own.name, pipeline: [{ $lookup: join }] } }),
    through('unite in a union', { $unionWith: { coll: own.name, pipeline: [{ $unionWith: collection }] } }),
    through('search as a graph in a look-up', {
      $lookup: {
        from: own.name,
        as: 'own',
        pipeline: [
          {
            $graphLookup: {
              from: collection,
              startWith: '$x',
              connectFromField: 'x',
              connectToField: 'x',
              as: 'theirs',
            },
          },
        ],
      },
    }),
    onOwn('look up, to be explained', { explain: { aggregate: own.name, pipeline: [{ $lookup: join }], cursor: {} } }),
    onOwn('make a view that unites', {
      create: 'tenure_seen',
      viewOn: own.name,
      pipeline: [{ $unionWith: collection }],
    }),
    onOwn('map into it', {
      mapReduce: own.name,
      map: 'function () {}',
      reduce: 'function () {}',
      out: { merge: collection },
    }),
  ];
  return [
    [
      `rename it to its own in ${own.database}`,
      'admin',
      { renameCollection: theirs, to: `${own.database}.stolen_${own.name}`, dropTarget: true },
    ],
    [`rename its own in ${own.database} to it`, 'admin', { renameCollection: mine, to: theirs, dropTarget: true }],
    onOwn('copy it, capped', { cloneCollectionAsCapped: collection, toCollection: own.name, size: 4096 }),
    through('replace after a match', { $match: {} }, out),
    through('merge by a pipeline', {
      $merge: { into: { db: database, coll: collection }, whenMatched: [{ $set: mark }] },
    }),
    onOwn('replace, to be explained', { explain: { aggregate: own.name, pipeline: [out], cursor: {} } }),
    onOwn('merge, to be explained', { explain: { aggregate: own.name, pipeline: [merge], cursor: {} } }),
    onOwn('map into its database', {
      mapReduce: own.name,
      map: 'function () {}',
      reduce: 'function () {}',
      out: { replace: collection, db: database },
    }),
    ...(own.database === database ? sameDatabase : []),
  ];
}

export interface Pair {
  /** The tenant whose credential is used. */
  readonly from: Home;
  /** The tenant whose data is the target. */
  readonly to: Home;
}

/** Handwritten probes, which no rule generates: they involve several commands, both tenants or a system collection. */
export function craftedProbes({ from, to }: Pair, target: ProbeTarget, { commands }: Inventory): Probe[] {
  const known = new Set(commands.map(({ name }) => name));
  const probe =
    (reads: boolean) =>
    ([name, database, command]: Crafted): Probe[] =>
      known.has(Object.keys(command)[0] ?? '')
        ? [
            {
              family: 'crafted',
              name,
              target,
              database,
              command,
              expects: 'refused',
              ...(reads ? { reads: true } : {}),
            },
          ]
        : [];
  return [
    ...readProbes(target, to).flatMap(probe(true)),
    ...writeProbes(target, to, from).flatMap(probe(false)),
    ...footholds(from)
      .flatMap((own) => fromOwn(target, own))
      .flatMap(probe(false)),
  ];
}

/** The most important probes, for every collection of the other tenant. */
export function probesOfEach({ to }: Pair, targets: readonly ProbeTarget[]): Probe[] {
  return to.layout.namespaces.flatMap(({ database, name }) => {
    const target = targets.find((candidate) => candidate.database === database);
    if (target === undefined) return [];
    const about = { family: 'crafted', target, database, expects: 'refused' } as const;
    return [
      { ...about, name: `find in ${name}`, command: { find: name }, reads: true as const },
      { ...about, name: `insert into ${name}`, command: { insert: name, documents: [mark] } },
      {
        ...about,
        name: `update in ${name}`,
        command: { update: name, updates: [{ q: {}, u: { $set: mark }, multi: true }] },
      },
      { ...about, name: `delete from ${name}`, command: { delete: name, deletes: [{ q: {}, limit: 0 }] } },
      {
        ...about,
        name: `watch ${name}`,
        command: { aggregate: name, pipeline: [{ $changeStream: {} }], cursor: {} },
        reads: true as const,
      },
    ];
  });
}
