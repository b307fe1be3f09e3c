import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { CommandStartedEvent, Db, Document } from 'mongodb';
import { tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import type { CollectionSpec, TenantSpec } from '../../../contracts/manifests/tenant.ts';
import { endpointOf } from '../../../engines/isolation/cells.ts';
import { claimDatabase, planeDatabase } from '../../../engines/isolation/dedicated/claim.ts';
import type { ClaimDocument } from '../../../engines/isolation/dedicated/claim.ts';
import { createCollections } from '../../../engines/isolation/dedicated/collections.ts';
import { probeIsolation } from '../../../engines/isolation/dedicated/probe.ts';
import { createRoles } from '../../../engines/isolation/dedicated/roles.ts';
import { createTenantUser } from '../../../engines/isolation/dedicated/user.ts';
import { describeHome } from '../../../engines/isolation/home.ts';
import type { Home, WorkLease } from '../../../engines/isolation/home.ts';
import type { HomeStep } from '../../../engines/isolation/home-step.ts';
import { createUlidFactory } from '../../../store/ulid.ts';

export const newId = createUlidFactory();

export const installation = 'isolation-test';
export const leaseMs = 5_000;
export const heldLease: WorkLease = { remainingMs: () => leaseMs };

const passwords = new Map<string, string>();

/** The password that the steps know for a tenant. */
export async function passwordOf(uid: string): Promise<string> {
  const known = passwords.get(uid) ?? randomBytes(12).toString('base64url');
  passwords.set(uid, known);
  return known;
}

/** The steps in the order of an activation. */
export const steps = {
  'claim-database': claimDatabase,
  'create-collections': createCollections,
  'create-roles': createRoles,
  'create-user': createTenantUser(passwordOf),
  'probe-isolation': probeIsolation(passwordOf),
} as const satisfies Record<string, HomeStep>;
export type StepName = keyof typeof steps;
export const stepNames = Object.keys(steps) as StepName[];

/** Brings about every step before `step`. */
export async function ensureBefore(step: StepName, home: Home): Promise<void> {
  for (const name of stepNames.slice(0, stepNames.indexOf(step))) await steps[name].ensure(home);
}

type CollectionInput = Partial<CollectionSpec> & { readonly name: string };

export const twoCollections: readonly CollectionInput[] = [
  { name: 'orders', jsonSchema: { bsonType: 'object', required: ['sku'] }, indexes: [{ keys: [{ field: 'sku', order: 1 }], unique: true }] },
  { name: 'events', indexes: [{ keys: [{ field: 'at', order: -1 }, { field: 'kind', order: 1 }] }] },
];

export function specWith(collections: readonly CollectionInput[]): TenantSpec {
  return tenantSpecSchema.parse({ plan: 'startup', services: [{ name: 'shop', collections }] });
}

/** A home in which something happens each time when a step is about to send the named command. */
export function beforeCommand(home: Home, name: string, act: () => Promise<unknown>): Home {
  const { client } = home.cell;
  const db = (database: string): Pick<Db, 'command'> => ({
    async command(command, options) {
      if (name in command) await act();
      return client.db(database).command(command, options);
    },
  });
  return { ...home, cell: { ...home.cell, client: { db } as unknown as MongoClient } };
}

/** A cell as the plane sees it, and as root does. */
export interface CellFixture {
  readonly root: MongoClient;
  readonly plane: MongoClient;
  /** Every command that the plane's client has sent. */
  readonly sent: CommandStartedEvent[];
  /** A tenant of its own, whose database is removed by {@link close}. */
  home(changes?: Partial<Pick<Home, 'uid' | 'operationId' | 'installation' | 'spec' | 'lease'>>): Home;
  /** The tenant's database, as root. */
  database(home: Home): Db;
  claim(home: Home): Promise<ClaimDocument | null>;
  insertClaim(home: Home, changes?: Partial<ClaimDocument>): Promise<void>;
  removeClaim(home: Home): Promise<unknown>;
  /** All there is in the tenant's database and of its claim, with the identities of what was made; two are equal when nothing was touched. */
  snapshot(home: Home): Promise<Document>;
  /** A client with the credential that the steps know. */
  asTenant(home: Home, password?: string): Promise<MongoClient>;
  close(): Promise<void>;
  /** Closes the clients and nothing else. */
  disconnect(): Promise<void>;
}

export function openCell({ uri, adminUri }: { readonly uri: string; readonly adminUri: string }): CellFixture {
  const sent: CommandStartedEvent[] = [];
  const client = new MongoClient(uri, { monitorCommands: true, serverSelectionTimeoutMS: 3_000 });
  client.on('commandStarted', (event) => sent.push(event));
  const root = new MongoClient(adminUri);
  const cell = { name: 'eu-west-1-a', client, endpoint: endpointOf(uri) };
  const uids = new Set<string>();
  const claims = root.db(planeDatabase).collection<ClaimDocument>('claims');
  const database = (home: Home): Db => root.db(home.names.database);
  const open = new Set<MongoClient>();
  async function disconnect(): Promise<void> {
    await Promise.all([client, root, ...open].map((each) => each.close()));
  }

  return {
    disconnect,
    root,
    plane: client,
    sent,
    database,
    home(changes = {}) {
      const home = describeHome({ installation, uid: newId(), operationId: newId(), spec: specWith(twoCollections), cell, lease: heldLease, ...changes });
      uids.add(home.names.database);
      return home;
    },
    claim: (home) => claims.findOne({ _id: home.names.database }),
    async insertClaim(home, changes = {}) {
      await claims.insertOne({ _id: home.names.database, installation: home.installation, tenant: home.uid, operationId: home.operationId, createTime: new Date(), ...changes });
    },
    removeClaim: (home) => claims.deleteOne({ _id: home.names.database }),
    async snapshot(home) {
      const db = database(home);
      const collections = (await db.listCollections().toArray()).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const indexes: Document = {};
      const documents: Document = {};
      for (const { name, type } of collections) {
        if (type !== 'collection' || name.startsWith('system.')) continue;
        indexes[name] = await db.collection(name).listIndexes().toArray();
        documents[name] = await db.collection(name).find().toArray();
      }
      const { users } = await db.command({ usersInfo: 1 });
      const { roles } = await db.command({ rolesInfo: 1, showPrivileges: true });
      const { confirmTime: _, ...claim } = ((await claims.findOne({ _id: home.names.database })) ?? {}) as Document;
      return { collections, indexes, documents, users, roles, claim };
    },
    async asTenant(home, password) {
      const auth = { username: home.names.user, password: password ?? (await passwordOf(home.uid)) };
      const tenant = new MongoClient(cell.endpoint, { auth, authSource: home.names.database });
      open.add(tenant);
      return tenant;
    },
    async close() {
      const { users } = await root.db('admin').command({ usersInfo: { forAllDBs: true } });
      const withUsers = new Set((users as Document[]).map(({ db }) => db as string));
      const { databases } = await root.db('admin').command({ listDatabases: 1, nameOnly: true });
      const withData = new Set((databases as Document[]).map(({ name }) => name as string));
      for (const name of uids) {
        if (withUsers.has(name)) await root.db(name).command({ dropAllUsersFromDatabase: 1 });
        await root.db(name).command({ dropAllRolesFromDatabase: 1 });
        if (withData.has(name)) await root.db(name).dropDatabase();
      }
      await claims.deleteMany({ _id: { $in: [...uids] } });
      await disconnect();
    },
  };
}
