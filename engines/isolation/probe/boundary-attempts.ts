import { UUID } from 'mongodb';
import type { Document } from 'mongodb';
import { declaredCollections } from '../../../domain/isolation.ts';
import type { Home } from '../home.ts';
import { planeDatabase } from '../parts/claim.ts';

/** One thing that the tenant must be able, or must not be able, to do. It changes nothing, not even where it is allowed. */
export interface BoundaryAttempt {
  /** Completes "mongod let it …". */
  readonly what: string;
  readonly database: string;
  readonly command: Document;
  /**
   * The code with which mongod stops the command after it was authorized: what would do harm carries a flaw that is
   * only found then. Absent where the command is harmless as it is.
   */
  readonly stoppedBy?: number;
}

const noDocument = { _id: { $in: [] } };
/** Of no collection and no user. */
const nobody = 'tenure_probe';

function firstCollection(home: Home): string {
  return declaredCollections(home.spec)[0]?.name ?? '';
}

/** What the tenant is there for. */
export function withinBoundary(home: Home): BoundaryAttempt[] {
  const { database } = home.layout;
  const collection = firstCollection(home);
  return [
    { what: 'find in its own collection', database, command: { find: collection, filter: noDocument, limit: 1 } },
    { what: 'write to its own collection', database, command: { update: collection, updates: [{ q: noDocument, u: { $set: { probe: 1 } } }] } },
  ];
}

/** What lies beyond. `neighbour` is another tenant's database when there is one. */
export function beyondBoundary(home: Home, neighbour: string): BoundaryAttempt[] {
  const { database, user } = home.layout;
  const collection = firstCollection(home);
  const anIndex = { key: { probe: 1 }, name: nobody };
  const unstorable = [{ _id: [1] }];
  const ofAnother = new UUID();
  return [
    { what: 'find in a neighbour’s collection', database: neighbour, command: { find: collection, limit: 1 } },
    { what: 'insert into a neighbour’s collection', database: neighbour, command: { insert: collection, documents: unstorable }, stoppedBy: 53 },
    { what: 'update a neighbour’s collection', database: neighbour, command: { update: collection, updates: [{ q: noDocument, u: { $set: { probe: 1 } } }] } },
    { what: 'delete from a neighbour’s collection', database: neighbour, command: { delete: collection, deletes: [{ q: noDocument, limit: 0 }] } },
    { what: 'list a neighbour’s collections', database: neighbour, command: { listCollections: 1, nameOnly: true } },
    { what: 'replace a neighbour’s collection', database, command: { explain: { aggregate: collection, pipeline: [{ $out: { db: neighbour, coll: collection } }], cursor: {} } } },
    { what: 'read the plane’s claims', database: planeDatabase, command: { find: 'claims', limit: 1 } },
    { what: 'read users', database: 'admin', command: { find: 'system.users', limit: 1 } },
    { what: 'read the oplog', database: 'local', command: { find: 'oplog.rs', limit: 1 } },
    { what: 'read the configuration', database: 'config', command: { find: 'transactions', limit: 1 } },
    { what: 'make a collection', database, command: { create: nobody, capped: true }, stoppedBy: 72 },
    { what: 'make a collection by inserting', database, command: { insert: nobody, documents: unstorable }, stoppedBy: 53 },
    { what: 'make an index', database, command: { createIndexes: collection, indexes: [anIndex], collectionUUID: ofAnother }, stoppedBy: 361 },
    { what: 'change a validator', database, command: { collMod: collection, validationLevel: 'off', collectionUUID: ofAnother }, stoppedBy: 361 },
    { what: 'drop a collection', database, command: { drop: collection, collectionUUID: ofAnother }, stoppedBy: 361 },
    { what: 'drop the database', database, command: { dropDatabase: 2 }, stoppedBy: 5_255_100 },
    { what: 'make a user', database, command: { createUser: nobody, pwd: nobody, roles: [], mechanisms: [] }, stoppedBy: 2 },
    { what: 'give itself a role', database, command: { grantRolesToUser: user, roles: [{ role: nobody, db: 'admin' }] }, stoppedBy: 31 },
    { what: 'change its password', database, command: { updateUser: user, pwd: nobody, mechanisms: [] }, stoppedBy: 2 },
    { what: 'end others’ sessions', database: 'admin', command: { killAllSessions: [{ user: nobody, db: database }] }, stoppedBy: 11 },
  ];
}
