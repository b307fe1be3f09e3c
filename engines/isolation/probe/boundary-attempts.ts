import { UUID } from 'mongodb';
import type { Document } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { Home } from '../home.ts';
import { planeDatabase } from '../parts/plane-database.ts';

/** One thing that the tenant must, or must not, be able to do. It changes nothing, even if it is allowed. */
export interface BoundaryAttempt {
  /** Completes "mongod allowed it to …". */
  readonly what: string;
  readonly database: string;
  readonly command: Document;
  /**
   * The code with which mongod stops the command after authorization: a harmful command contains a flaw that mongod
   * finds only then. Absent if the command is harmless.
   */
  readonly stoppedBy?: number;
}

export const noDocument = { _id: { $in: [] } };
export const unstorable = [{ _id: [1] }];
/** A name that no collection, user or role has: a manifest cannot declare a name with a hyphen. */
export const nobody = 'tenure-probe';

/** mongod's codes for the flaws of what is attempted. */
export const stops = {
  badValue: 2,
  userNotFound: 11,
  sameName: 20,
  roleNotFound: 31,
  invalidId: 53,
  invalidOptions: 72,
  otherCollection: 361,
  notOneDatabase: 5_255_100,
} as const;

/** One collection of the tenant in each database where it has one. */
export function footholds({ layout }: Home): HomeNamespace[] {
  return [...Map.groupBy(layout.namespaces, ({ database }) => database).values()].flatMap(([first]) => first ?? []);
}

/** What the tenant must be able to do. */
export function withinBoundary(home: Home): BoundaryAttempt[] {
  return footholds(home).flatMap(({ database, name }) => [
    { what: `find in its own collection "${name}"`, database, command: { find: name, filter: noDocument, limit: 1 } },
    {
      what: `write to its own collection "${name}"`,
      database,
      command: { update: name, updates: [{ q: noDocument, u: { $set: { probe: 1 } } }] },
    },
  ]);
}

/** What the tenant must not do with its own collections, or in their database. */
function onOwnCollection({ database, name }: HomeNamespace): BoundaryAttempt[] {
  const otherUuid = new UUID();
  return [
    { what: `list all that is in "${database}"`, database, command: { listCollections: 1, nameOnly: true } },
    {
      what: `watch all that happens in "${database}"`,
      database,
      command: { aggregate: 1, pipeline: [{ $changeStream: {} }], cursor: { batchSize: 0 } },
    },
    {
      what: `make a collection in "${database}"`,
      database,
      command: { create: nobody, capped: true },
      stoppedBy: stops.invalidOptions,
    },
    {
      what: `make a collection in "${database}" by inserting`,
      database,
      command: { insert: nobody, documents: unstorable },
      stoppedBy: stops.invalidId,
    },
    {
      what: 'make an index',
      database,
      command: { createIndexes: name, indexes: [{ key: { probe: 1 }, name: nobody }], collectionUUID: otherUuid },
      stoppedBy: stops.otherCollection,
    },
    {
      what: 'change a validator',
      database,
      command: { collMod: name, validationLevel: 'off', collectionUUID: otherUuid },
      stoppedBy: stops.otherCollection,
    },
    {
      what: 'rename a collection',
      database: 'admin',
      command: { renameCollection: `${database}.${name}`, to: `${database}.${name}` },
      stoppedBy: stops.sameName,
    },
    {
      what: 'drop a collection',
      database,
      command: { drop: name, collectionUUID: otherUuid },
      stoppedBy: stops.otherCollection,
    },
    {
      what: `drop the database "${database}"`,
      database,
      command: { dropDatabase: 2 },
      stoppedBy: stops.notOneDatabase,
    },
  ];
}

/** Attempts on what belongs to the plane, to mongod or to everybody. */
export function beyondBoundary(home: Home): BoundaryAttempt[] {
  const { database, user, roles } = home.layout;
  return [
    ...footholds(home).flatMap(onOwnCollection),
    { what: 'read the plane’s claims', database: planeDatabase, command: { find: 'claims', limit: 1 } },
    { what: 'read users', database: 'admin', command: { find: 'system.users', limit: 1 } },
    { what: 'read the oplog', database: 'local', command: { find: 'oplog.rs', limit: 1 } },
    { what: 'read the configuration', database: 'config', command: { find: 'transactions', limit: 1 } },
    {
      what: 'watch the whole cell',
      database: 'admin',
      command: {
        aggregate: 1,
        pipeline: [{ $changeStream: { allChangesForCluster: true } }],
        cursor: { batchSize: 0 },
      },
    },
    {
      what: 'see what others do',
      database: 'admin',
      command: { aggregate: 1, pipeline: [{ $currentOp: { allUsers: true } }], cursor: {} },
    },
    { what: 'list users', database, command: { usersInfo: 1 } },
    {
      what: 'make a user',
      database,
      command: { createUser: nobody, pwd: nobody, roles: [], mechanisms: [] },
      stoppedBy: stops.badValue,
    },
    {
      what: 'grant itself a role',
      database,
      command: { grantRolesToUser: user, roles: [{ role: nobody, db: 'admin' }] },
      stoppedBy: stops.roleNotFound,
    },
    {
      what: 'change its password',
      database,
      command: { updateUser: user, pwd: nobody, mechanisms: [] },
      stoppedBy: stops.badValue,
    },
    {
      what: 'change roles',
      database: roles.database,
      command: {
        grantPrivilegesToRole: nobody,
        privileges: [{ resource: { db: database, collection: nobody }, actions: ['find'] }],
      },
      stoppedBy: stops.roleNotFound,
    },
    {
      what: 'end others’ sessions',
      database: 'admin',
      command: { killAllSessions: [{ user: nobody, db: database }] },
      stoppedBy: stops.userNotFound,
    },
  ];
}
