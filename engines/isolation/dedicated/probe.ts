import { MongoClient } from 'mongodb';
import type { Db, Document } from 'mongodb';
import { declaredCollections } from '../../../domain/isolation.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { asCellError, authenticationFailedCode, serverCode, unauthorizedCode } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep } from '../home-step.ts';
import { normalized, privilegesOf } from './roles.ts';
import type { Privilege } from './roles.ts';

/** One thing that the tenant must be able, or must not be able, to do. */
interface Attempt {
  readonly what: string;
  readonly run: (client: MongoClient, own: Db) => Promise<unknown>;
}

const neverMatches = { _id: { $in: [] } };

function allowedAttempts(home: Home): Attempt[] {
  const [collection] = declaredCollections(home.spec);
  const name = collection?.name ?? '';
  return [
    { what: 'find in its own collection', run: (_, own) => own.collection(name).findOne(neverMatches) },
    { what: 'write to its own collection', run: (_, own) => own.collection(name).updateOne(neverMatches, { $set: { probe: 1 } }) },
  ];
}

/** Things beyond the boundary. The neighbour is a database that is another tenant's when there is one. */
function forbiddenAttempts(home: Home, neighbour: string): Attempt[] {
  const [collection] = declaredCollections(home.spec);
  const name = collection?.name ?? '';
  const other = 'tenure_probe';
  const command = (database: string, body: Document) => (client: MongoClient) => client.db(database).command(body);
  return [
    { what: 'find in a neighbour’s collection', run: command(neighbour, { find: name, limit: 1 }) },
    { what: 'insert into a neighbour’s collection', run: command(neighbour, { insert: other, documents: [{ _id: 'probe' }] }) },
    { what: 'list a neighbour’s collections', run: command(neighbour, { listCollections: 1 }) },
    { what: 'join a neighbour’s collection', run: (_, own) => own.collection(name).aggregate([{ $limit: 1 }, { $out: { db: neighbour, coll: other } }]).toArray() },
    { what: 'read the plane’s claims', run: command('tenure_cell', { find: 'claims', limit: 1 }) },
    { what: 'read users', run: command('admin', { find: 'system.users', limit: 1 }) },
    { what: 'read the oplog', run: command('local', { find: 'oplog.rs', limit: 1 }) },
    { what: 'read the configuration', run: command('config', { find: 'transactions', limit: 1 }) },
    { what: 'make a collection', run: (_, own) => own.command({ create: other }) },
    { what: 'make a collection by inserting', run: (_, own) => own.collection(other).insertOne({ probe: 1 }) },
    { what: 'make an index', run: (_, own) => own.command({ createIndexes: name, indexes: [{ key: { probe: 1 }, name: other }] }) },
    { what: 'change a validator', run: (_, own) => own.command({ collMod: name, validationLevel: 'off' }) },
    { what: 'drop a collection', run: (_, own) => own.command({ drop: name }) },
    { what: 'drop the database', run: (_, own) => own.command({ dropDatabase: 1 }) },
    { what: 'make a user', run: (_, own) => own.command({ createUser: other, pwd: other, roles: [] }) },
    { what: 'give itself a role', run: (_, own) => own.command({ grantRolesToUser: home.names.user, roles: [{ role: 'root', db: 'admin' }] }) },
    { what: 'change its password', run: (_, own) => own.command({ updateUser: home.names.user, pwd: other }) },
    { what: 'end others’ sessions', run: command('admin', { killAllSessions: [] }) },
  ];
}

async function findNeighbour(home: Home): Promise<string> {
  const claim = await home.cell.client
    .db('tenure_cell')
    .collection<{ _id: string }>('claims')
    .findOne({ _id: { $ne: home.names.database } }, { projection: { _id: 1 }, maxTimeMS: home.lease.remainingMs() });
  return claim?._id ?? 'tenant_00000000000000000000000000';
}

async function probe(home: Home, client: MongoClient): Promise<string> {
  const own = client.db(home.names.database);
  const failed = (what: string): TenureError => new TenureError('isolation_probe_failed', `tenant ${home.uid} on cell "${home.cell.name}": ${what}`);
  const status = await own.command({ connectionStatus: 1, showPrivileges: true });
  const privileges = (status['authInfo'] as { authenticatedUserPrivileges: Privilege[] }).authenticatedUserPrivileges;
  if (normalized(privileges) !== normalized(privilegesOf(home, 'read-write'))) throw failed('its privileges are not exactly those of its role');
  for (const attempt of allowedAttempts(home)) {
    home.lease.remainingMs();
    try {
      await attempt.run(client, own);
    } catch (error) {
      if (serverCode(error) !== unauthorizedCode) throw error;
      throw failed(`mongod does not let it ${attempt.what}`);
    }
  }
  const forbidden = forbiddenAttempts(home, await findNeighbour(home));
  for (const attempt of forbidden) {
    home.lease.remainingMs();
    let refused = false;
    try {
      await attempt.run(client, own);
    } catch (error) {
      if (serverCode(error) !== unauthorizedCode) throw error;
      refused = true;
    }
    if (!refused) throw failed(`mongod let it ${attempt.what}`);
  }
  return `${forbidden.length} attempts beyond the boundary refused by mongod`;
}

/** Tries the boundary with the tenant's own credential: what it must be able to do, and what it must not. */
export function probeIsolation(password: (uid: string) => Promise<string>): HomeStep {
  return {
    observe: async () => 'absent',
    async ensure(home) {
      const timeoutMs = home.lease.remainingMs();
      const client = new MongoClient(home.cell.endpoint, {
        auth: { username: home.names.user, password: await password(home.uid) },
        authSource: home.names.database,
        authMechanism: 'SCRAM-SHA-256',
        maxPoolSize: 1,
        // One monitoring connection instead of two: this client lives for a fraction of a second.
        serverMonitoringMode: 'poll',
        monitorCommands: false,
        serverSelectionTimeoutMS: timeoutMs,
        socketTimeoutMS: timeoutMs,
        retryReads: false,
        retryWrites: false,
      });
      try {
        return await probe(home, client);
      } catch (error) {
        if (serverCode(error) === authenticationFailedCode) {
          throw new TenureError('isolation_probe_failed', `tenant ${home.uid} on cell "${home.cell.name}": its credential does not open its database`, { cause: error });
        }
        throw asCellError(home.cell.name, error);
      } finally {
        await client.close();
      }
    },
    undo: async () => 'a probe leaves nothing behind',
  };
}
