import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Collection, CollectionInfo, CommandStartedEvent, Db, Document } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import { tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import type { CollectionSpec, TenantSpec } from '../../../contracts/manifests/tenant.ts';
import { endpointOf } from '../../../engines/isolation/cells.ts';
import { claimHome } from '../../../engines/isolation/parts/claim.ts';
import { planeDatabase } from '../../../engines/isolation/parts/plane-database.ts';
import type { ClaimDocument } from '../../../engines/isolation/parts/plane-database.ts';
import { createCollections, homeCollections } from '../../../engines/isolation/parts/collections.ts';
import { destroyData, destroyRoles, destroyUser, releaseClaim } from '../../../engines/isolation/parts/destroy.ts';
import { probeIsolation } from '../../../engines/isolation/probe/probe.ts';
import { createRoles, homeRoles } from '../../../engines/isolation/parts/roles.ts';
import { createTenantUser, homeUser } from '../../../engines/isolation/parts/user.ts';
import type { UserOutcome } from '../../../engines/isolation/parts/user.ts';
import { parsePooledName, poolDatabase, pooledName } from '../../../domain/home-layout.ts';
import { homeFormIn, offeredModes } from '../../../domain/isolation.ts';
import { describeHome } from '../../../engines/isolation/home.ts';
import type { Home, HomeState, WorkLease } from '../../../engines/isolation/home.ts';
import type { HomeStep } from '../../../engines/isolation/home-step.ts';
import { createUlidFactory } from '../../../store/ulid.ts';

export const newId = createUlidFactory();

export const installation = 'isolation-test';
/** Long, so that only tests about the end of a lease reach it, even on a busy machine. */
export const leaseMs = 60_000;
export const heldLease: WorkLease = { remainingMs: () => leaseMs };

const passwords = new Map<string, string>();

/** The password that the steps use for a tenant. */
export async function passwordOf(uid: string): Promise<string> {
  const known = passwords.get(uid) ?? randomBytes(12).toString('base64url');
  passwords.set(uid, known);
  return known;
}

/** The current user of each tenant, as the registry would name it. */
const users = new Map<string, string>();

/** A home that always names the current user, as an operation reads it from the registry. */
function withItsUser(home: Omit<Home, 'layout' | 'user'>): Home {
  const described = describeHome({ ...home, user: null });
  const named = { get: () => users.get(home.uid) ?? null, enumerable: true };
  Object.defineProperty(described, 'user', named);
  Object.defineProperty(described.layout, 'user', {
    get: () => users.get(home.uid) ?? `tenant_${home.uid}`,
    enumerable: true,
  });
  return described;
}

/** A step that returns only what it did, and records which user is current after it. */
function keeping({ observe, ensure, undo }: HomeStep<UserOutcome>): HomeStep {
  const kept = (step: (home: Home) => Promise<UserOutcome>) => async (home: Home) => {
    const { result, user } = await step(home);
    if (user !== undefined) users.set(home.uid, user);
    return result;
  };
  return { observe, ensure: kept(ensure), undo: kept(undo) };
}

/** The steps in the order of an activation. */
export const steps = {
  'claim-database': claimHome,
  'create-collections': createCollections,
  'create-roles': createRoles,
  'create-user': keeping(createTenantUser(passwordOf)),
  'probe-isolation': probeIsolation(passwordOf),
} as const satisfies Record<string, HomeStep>;
export type StepName = keyof typeof steps;

/** The parts of every operation after an activation. */
export const parts = {
  'home-collections': homeCollections,
  'home-roles': homeRoles,
  'home-user': keeping(homeUser(passwordOf)),
} as const satisfies Record<string, HomeStep>;

export const stepNames = Object.keys(steps) as StepName[];

/** The steps of a purge, in order. */
export const purge = { destroyUser, destroyRoles, destroyData, releaseClaim } as const satisfies Record<
  string,
  HomeStep
>;
export type PurgeName = keyof typeof purge;
export const purgeNames = Object.keys(purge) as PurgeName[];

export type PartName = keyof typeof parts;
/** In the order in which an operation runs them. */
export const partNames = Object.keys(parts) as PartName[];

/** The modes in which the tests of every part run. */
export const modes: readonly IsolationMode[] = offeredModes;

export function inEveryMode<Case>(cases: readonly Case[]): (Case & { readonly mode: IsolationMode })[] {
  return modes.flatMap((mode) => cases.map((one) => ({ mode, ...one })));
}

/** Runs every step before `step`. */
export async function ensureBefore(step: StepName, home: Home): Promise<void> {
  for (const name of stepNames.slice(0, stepNames.indexOf(step))) await steps[name].ensure(home);
}

type CollectionInput = Partial<CollectionSpec> & { readonly name: string };

export const twoCollections: readonly CollectionInput[] = [
  {
    name: 'orders',
    jsonSchema: { bsonType: 'object', required: ['sku'] },
    indexes: [{ keys: [{ field: 'sku', order: 1 }], unique: true }],
  },
  {
    name: 'events',
    indexes: [
      {
        keys: [
          { field: 'at', order: -1 },
          { field: 'kind', order: 1 },
        ],
      },
    ],
  },
];

/** In mode `hybrid`, the first collection is in the tenant's own database, and the others are in the pool. */
export function specWith(collections: readonly CollectionInput[], mode: IsolationMode = 'dedicated'): TenantSpec {
  const [first, ...others] = collections;
  const services =
    mode === 'hybrid'
      ? [
          { name: 'shop', collections: [first] },
          { name: 'pooled', strategy: 'schema', collections: others },
        ].filter((service) => service.collections.length > 0)
      : [{ name: 'shop', collections }];
  return tenantSpecSchema.parse({ plan: 'startup', placement: { mode }, services });
}

export const active: Pick<Home, 'form' | 'config'> = {
  form: homeFormIn('Active'),
  config: { theme: 'dark', limits: { seats: 5 } },
};

/** The home for a new operation that changes its spec, form or configuration. */
export function changing(home: Home, changes: Partial<HomeState>): Home {
  const { spec, form, config } = home;
  return withItsUser({ ...home, operationId: newId(), ...changes, before: { spec, form, config } });
}

/** A home that calls `act` each time before a step sends the named command. */
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

/** A home as root sees it, by declared names. Any other name is a collection beside the declared ones. */
export interface HomeAsDeclared {
  createCollection(name: string, options?: Document): Promise<unknown>;
  collection(name: string): Collection;
  /** A command whose first field names a collection. */
  command(command: Document): Promise<Document>;
  listCollections(): Promise<CollectionInfo[]>;
}

/** A cell as the plane and root see it. */
export interface CellFixture {
  readonly root: MongoClient;
  readonly plane: MongoClient;
  /** Every command that the plane's client has sent. */
  readonly sent: CommandStartedEvent[];
  /** The home of a new tenant; {@link close} removes it. */
  home(
    changes?: Partial<
      Pick<Home, 'uid' | 'operationId' | 'installation' | 'mode' | 'spec' | 'form' | 'config' | 'lease'>
    >,
  ): Home;
  /** The database of the tenant's user, as root. */
  database(home: Home): Db;
  /** A declared collection, as root. */
  collection(home: Home, declared: string): Collection;
  inside(home: Home): HomeAsDeclared;
  claim(home: Home): Promise<ClaimDocument | null>;
  insertClaim(home: Home, changes?: Partial<ClaimDocument>): Promise<void>;
  removeClaim(home: Home): Promise<unknown>;
  /** Everything in the tenant's home and its claim, with generated ids: two are equal if nothing was changed. */
  snapshot(home: Home): Promise<Document>;
  /** A client with the credential that the steps use. */
  asTenant(home: Home, password?: string): Promise<MongoClient>;
  close(): Promise<void>;
  /** Closes only the clients. */
  disconnect(): Promise<void>;
}

export function openCell(
  { uri, adminUri }: { readonly uri: string; readonly adminUri: string },
  name = 'eu-west-1-a',
): CellFixture {
  const sent: CommandStartedEvent[] = [];
  const client = new MongoClient(uri, { monitorCommands: true, serverSelectionTimeoutMS: 3_000 });
  client.on('commandStarted', (event) => sent.push(event));
  const root = new MongoClient(adminUri);
  const cell = { name, client, endpoint: endpointOf(uri) };
  const homes = new Set<Home>();
  const claims = root.db(planeDatabase).collection<ClaimDocument>('claims');
  const database = (home: Home): Db => root.db(home.layout.database);
  const open = new Set<MongoClient>();
  async function disconnect(): Promise<void> {
    await Promise.all([client, root, ...open].map((each) => each.close()));
  }

  /** The databases of a home, each with a filter for what belongs to the tenant. */
  function places({ uid, layout }: Home): { db: Db; mine: (name: string) => boolean }[] {
    const shared = [...new Set([layout.roles.database, ...(layout.usesPool ? [poolDatabase] : [])])].filter(
      (name) => name !== layout.ownDatabase,
    );
    return [
      ...(layout.ownDatabase === undefined ? [] : [{ db: root.db(layout.ownDatabase), mine: () => true }]),
      ...shared.map((name) => ({ db: root.db(name), mine: (found: string) => found.includes(uid) })),
    ];
  }

  return {
    disconnect,
    root,
    plane: client,
    sent,
    database,
    collection(home, declared) {
      const namespace = home.layout.namespaces.find((candidate) => candidate.declared.name === declared);
      if (namespace === undefined) throw new TypeError(`the tenant declares no collection "${declared}"`);
      return root.db(namespace.database).collection(namespace.name);
    },
    home(changes = {}) {
      const { mode = 'dedicated' } = changes;
      const home = withItsUser({
        installation,
        uid: newId(),
        operationId: newId(),
        mode,
        spec: specWith(twoCollections, mode),
        ...active,
        cell,
        lease: heldLease,
        ...changes,
      });
      homes.add(home);
      return home;
    },
    inside(home) {
      const { uid, layout } = home;
      const besides =
        layout.ownDatabase === undefined
          ? (name: string) => ({ database: poolDatabase, name: pooledName(name, uid) })
          : (name: string) => ({ database: layout.ownDatabase ?? '', name });
      const resolve = (name: string) =>
        layout.namespaces.find(({ declared }) => declared.name === name) ?? besides(name);
      return {
        createCollection: (name, options) =>
          root.db(resolve(name).database).createCollection(resolve(name).name, options),
        collection: (name) => root.db(resolve(name).database).collection(resolve(name).name),
        command(command) {
          const { database: holder, name } = resolve(String(Object.values(command)[0]));
          return root.db(holder).command({ ...command, [String(Object.keys(command)[0])]: name });
        },
        async listCollections() {
          const found = await Promise.all(
            places(home).map(async ({ db, mine }) =>
              (await db.listCollections({}, { nameOnly: false }).toArray()).filter(
                ({ name }) => mine(name) && !name.startsWith('system.'),
              ),
            ),
          );
          return found.flat().map((info) => ({ ...info, name: parsePooledName(info.name)?.collection ?? info.name }));
        },
      };
    },
    claim: (home) => claims.findOne({ _id: home.layout.claim }),
    async insertClaim(home, changes = {}) {
      await claims.insertOne({
        _id: home.layout.claim,
        installation: home.installation,
        tenant: home.uid,
        operationId: home.operationId,
        createTime: new Date(),
        ...changes,
      });
    },
    removeClaim: (home) => claims.deleteOne({ _id: home.layout.claim }),
    async snapshot(home) {
      const found: Document = {};
      for (const { db, mine } of places(home)) {
        const collections = (await db.listCollections().toArray())
          .filter(({ name }) => mine(name))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1));
        const indexes: Document = {};
        const documents: Document = {};
        for (const { name, type } of collections) {
          if (type !== 'collection' || name.startsWith('system.')) continue;
          indexes[name] = await db.collection(name).listIndexes().toArray();
          documents[name] = await db.collection(name).find().toArray();
        }
        const users = ((await db.command({ usersInfo: 1 }))['users'] as { user: string }[]).filter(({ user }) =>
          mine(user),
        );
        const roles = (
          (await db.command({ rolesInfo: 1, showPrivileges: true }))['roles'] as { role: string }[]
        ).filter(({ role }) => mine(role));
        found[db.databaseName] = { collections, indexes, documents, users, roles };
      }
      const { confirmTime: _, ...claim } = ((await claims.findOne({ _id: home.layout.claim })) ?? {}) as Document;
      return { ...found, claim };
    },
    async asTenant(home, password) {
      const auth = { username: home.layout.user, password: password ?? (await passwordOf(home.uid)) };
      const tenant = new MongoClient(cell.endpoint, { auth, authSource: home.layout.database });
      open.add(tenant);
      return tenant;
    },
    async close() {
      try {
        const left = [...homes];
        const { users } = (await root.db('admin').command({ usersInfo: { forAllDBs: true } })) as {
          users: { user: string; db: string }[];
        };
        const roles = await root.db('admin').collection<{ role: string; db: string }>('system.roles').find().toArray();
        const isOfOne = (db: string, name: string): boolean =>
          left.some(({ uid, layout }) => db === layout.ownDatabase || name.includes(uid));
        for (const { user, db } of users) if (isOfOne(db, user)) await root.db(db).command({ dropUser: user });
        for (const { role, db } of roles) if (isOfOne(db, role)) await root.db(db).command({ dropRole: role });
        for (const { name } of await root.db(poolDatabase).listCollections({}, { nameOnly: true }).toArray()) {
          if (isOfOne(poolDatabase, name)) await root.db(poolDatabase).collection(name).drop();
        }
        const { databases } = (await root.db('admin').command({ listDatabases: 1, nameOnly: true })) as {
          databases: { name: string }[];
        };
        for (const { name } of databases)
          if (left.some(({ layout }) => layout.ownDatabase === name)) await root.db(name).dropDatabase();
        await claims.deleteMany({
          _id: { $in: left.flatMap(({ layout }) => [layout.claim, `released/${layout.claim}`]) },
        });
      } finally {
        await disconnect();
      }
    },
  };
}
