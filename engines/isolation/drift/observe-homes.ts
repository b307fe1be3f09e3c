import type { CollectionInfo, IndexDescriptionInfo } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { ClaimDocument } from '../parts/plane-database.ts';
import type { FoundRole } from '../parts/roles.ts';
import type { CellObject } from '../parts/cell-objects.ts';
import type { FoundUser } from '../parts/tenant-users.ts';
import { parsePooledName, poolDatabase, userPrefix } from '../../../domain/home-layout.ts';
import { listOnCell, readOnCell } from '../cell-commands.ts';
import { serverCode, serverCodes } from '../cell-errors.ts';
import type { CellWork, Home } from '../home.ts';
import { planeDatabase } from '../parts/plane-database.ts';
import { forEachConcurrent } from '../../../platform/each-at-most.ts';

/** A user that is not the current one. */
export interface LeftUser {
  /** Whether its data says that it was created for this tenant. */
  readonly ours: boolean;
}

/** Everything that was observed of one home. */
export interface ObservedHome {
  readonly claim: ClaimDocument | undefined;
  /** The current user. */
  readonly user: FoundUser | undefined;
  /** Other users with a name of the tenant. */
  readonly leftUsers: readonly LeftUser[];
  readonly roles: readonly FoundRole[];
  /** The declared collections that exist. */
  readonly collections: ReadonlyMap<HomeNamespace, ObservedCollection>;
  /** Other objects with a name of this tenant, or in its own database. */
  readonly others: {
    readonly collections: readonly CellObject[];
    readonly users: readonly CellObject[];
    readonly roles: readonly CellObject[];
  };
}

export interface ObservedCollection {
  readonly info: CollectionInfo;
  readonly indexes: readonly IndexDescriptionInfo[];
}

/** Concurrent commands on the cell; few, so that a scan does not disturb others. */
const maxConcurrent = 4;
const inOneBatch = { batchSize: 1_000_000 };

interface OwnedUser extends CellObject {
  readonly owner?: { readonly installation?: string; readonly tenant?: string };
}

/** All names in the databases of some homes and in the shared databases, by database. Read once for all homes. */
export interface NamesOnCell {
  readonly users: ReadonlyMap<string, readonly OwnedUser[]>;
  readonly roles: ReadonlyMap<string, readonly CellObject[]>;
  /** By the uid in the name. */
  readonly pooled: ReadonlyMap<string | undefined, readonly CellObject[]>;
}

const sharedDatabases = [poolDatabase, 'admin'];

export async function listNames(work: CellWork, homes: readonly Home[]): Promise<NamesOnCell> {
  const databases = [...new Set([...sharedDatabases, ...homes.map(({ layout }) => layout.database)])];
  async function namesIn(collection: string, field: string): Promise<Map<string, OwnedUser[]>> {
    const owner = { installation: '$customData.installation', tenant: '$customData.tenant' };
    const found = await listOnCell<OwnedUser>(work, 'admin', {
      find: collection,
      filter: { db: { $in: databases } },
      projection: { _id: false, database: '$db', name: `$${field}`, owner },
      ...inOneBatch,
    });
    return Map.groupBy(found, ({ database }) => database);
  }
  const pooled = homes.some(({ layout }) => layout.usesPool)
    ? await listOnCell<{ name: string }>(work, poolDatabase, { listCollections: 1, nameOnly: true })
    : [];
  return {
    users: await namesIn('system.users', 'user'),
    roles: await namesIn('system.roles', 'role'),
    pooled: Map.groupBy(
      pooled.map(({ name }) => ({ database: poolDatabase, name })),
      ({ name }) => parsePooledName(name)?.uid,
    ),
  };
}

async function indexesOf(work: CellWork, { database, name }: HomeNamespace): Promise<IndexDescriptionInfo[]> {
  try {
    return await listOnCell(work, database, { listIndexes: name });
  } catch (error) {
    if (
      serverCode(error) === serverCodes.namespaceNotFound ||
      serverCode(error) === serverCodes.commandNotSupportedOnView
    )
      return [];
    throw error;
  }
}

/** Collections by database and name: everything in the homes' own databases, and pooled ones with declared names. */
async function listAllCollections(
  work: CellWork,
  homes: readonly Home[],
): Promise<Map<string, Map<string, CollectionInfo>>> {
  const pooled = homes
    .flatMap(({ layout }) => layout.namespaces)
    .filter(({ database }) => database === poolDatabase)
    .map(({ name }) => name);
  const databases: (readonly [string, object])[] = homes.flatMap(({ layout }) =>
    layout.ownDatabase === undefined ? [] : [[layout.ownDatabase, {}] as const],
  );
  if (pooled.length > 0) databases.push([poolDatabase, { name: { $in: pooled } }]);
  const found = new Map<string, Map<string, CollectionInfo>>();
  await forEachConcurrent(maxConcurrent, databases, async ([database, filter]) => {
    const infos = await listOnCell<CollectionInfo>(work, database, { listCollections: 1, filter });
    found.set(database, new Map(infos.map((info) => [info.name, info])));
  });
  return found;
}

function hasTenantUserName({ uid, layout }: Home, { database, name }: CellObject): boolean {
  return database === layout.database && (name === userPrefix(uid) || name.startsWith(`${userPrefix(uid)}_`));
}

function leftUsersOf(home: Home, { users }: NamesOnCell): LeftUser[] {
  const { layout, uid, installation } = home;
  const leftOver = (users.get(layout.database) ?? []).filter(
    (found) => found.name !== layout.user && hasTenantUserName(home, found),
  );
  return leftOver.map(({ owner }) => ({ ours: owner?.tenant === uid && owner.installation === installation }));
}

function othersOf(
  home: Home,
  names: NamesOnCell,
  collections: ReadonlyMap<string, ReadonlyMap<string, CollectionInfo>>,
): ObservedHome['others'] {
  const { uid, layout } = home;
  const { ownDatabase = '', database, user, roles, namespaces } = layout;
  const inOwn = [...(collections.get(ownDatabase)?.keys() ?? [])].map((name): CellObject => ({
    database: ownDatabase,
    name,
  }));
  const ofTenant = (found: ReadonlyMap<string, readonly CellObject[]>): CellObject[] => [
    ...(found.get(ownDatabase) ?? []),
    ...sharedDatabases.flatMap((shared) => (found.get(shared) ?? []).filter(({ name }) => name.includes(uid))),
  ];
  const without = (found: readonly CellObject[], known: readonly CellObject[]): CellObject[] =>
    found.filter(
      (object) =>
        !object.name.startsWith('system.') &&
        !known.some((knownObject) => knownObject.database === object.database && knownObject.name === object.name),
    );
  return {
    collections: without([...inOwn, ...(names.pooled.get(uid) ?? [])], namespaces),
    users: without(ofTenant(names.users), [{ database, name: user }]).filter(
      (found) => !hasTenantUserName(home, found),
    ),
    roles: without(
      ofTenant(names.roles),
      [roles.readWrite, roles.readOnly].map((name) => ({ database: roles.database, name })),
    ),
  };
}

/** Observes homes of one cell together. Users, roles and claims need only one command each for all homes. */
export async function observeHomes(
  work: CellWork,
  homes: readonly Home[],
  names: NamesOnCell,
): Promise<Map<Home, ObservedHome>> {
  const claims = await listOnCell<ClaimDocument>(work, planeDatabase, {
    find: 'claims',
    filter: { _id: { $in: homes.map(({ layout }) => layout.claim) } },
    readConcern: { level: 'majority' },
    ...inOneBatch,
  });
  const usersInfo = homes.map(({ layout }) => ({ user: layout.user, db: layout.database }));
  const { users } = (await readOnCell(work, 'admin', { usersInfo, showAuthenticationRestrictions: true })) as {
    users: (FoundUser & { user: string; db: string })[];
  };
  const rolesInfo = homes.flatMap(({ layout: { roles } }) =>
    [roles.readWrite, roles.readOnly].map((role) => ({ role, db: roles.database })),
  );
  const { roles } = (await readOnCell(work, 'admin', {
    rolesInfo,
    showPrivileges: true,
    showAuthenticationRestrictions: true,
  })) as { roles: (FoundRole & { db: string })[] };
  const collections = await listAllCollections(work, homes);

  const observed = new Map<HomeNamespace, ObservedCollection>();
  await forEachConcurrent(
    maxConcurrent,
    homes.flatMap(({ layout }) => layout.namespaces),
    async (namespace) => {
      const info = collections.get(namespace.database)?.get(namespace.name);
      if (info !== undefined)
        observed.set(namespace, { info, indexes: info.type === 'collection' ? await indexesOf(work, namespace) : [] });
    },
  );

  const claimOf = new Map(claims.map((claim) => [claim._id, claim]));
  const userOf = new Map(users.map((user) => [`${user.db}.${user.user}`, user]));
  const rolesIn = Map.groupBy(roles, ({ db, role }) => `${db}.${role}`);
  return new Map(
    homes.map((home) => {
      const { layout } = home;
      return [
        home,
        {
          claim: claimOf.get(layout.claim),
          user: userOf.get(`${layout.database}.${layout.user}`),
          leftUsers: leftUsersOf(home, names),
          roles: [layout.roles.readWrite, layout.roles.readOnly].flatMap(
            (role) => rolesIn.get(`${layout.roles.database}.${role}`) ?? [],
          ),
          collections: new Map(
            layout.namespaces.flatMap((namespace) =>
              observed.has(namespace) ? [[namespace, observed.get(namespace) as ObservedCollection]] : [],
            ),
          ),
          others: othersOf(home, names, collections),
        },
      ];
    }),
  );
}
