import type { CollectionInfo } from 'mongodb';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { foreignTraits } from './declared-collections.ts';
import { planeDatabase } from './plane-database.ts';
import type { CellObject, HomeObjects } from './cell-objects.ts';
import { findUsers } from './tenant-users.ts';

/** Stored with the claims, which are named by database: marks a home that was claimed and released again. */
const releasedId = ({ layout }: Home): string => `released/${layout.claim}`;

/** What to delete together with a home's claim, once nothing of the tenant will exist there again. */
export function releaseOf(home: Home): { readonly q: { readonly _id: string }; readonly limit: 1 } {
  return { q: { _id: releasedId(home) }, limit: 1 };
}

/**
 * Records that the home is released and was empty. What exists there later without a claim may then come from a command
 * that the network delayed, from an attempt that was given up long ago.
 */
export async function noteRelease(home: Home): Promise<void> {
  const { installation, uid } = home;
  await writeOnCell(home, planeDatabase, {
    update: 'claims',
    updates: [{ q: { _id: releasedId(home) }, u: { $set: { installation, released: uid } }, upsert: true }],
  });
}

async function wasReleased(home: Home): Promise<boolean> {
  const { installation, uid } = home;
  const filter = { _id: releasedId(home), installation, released: uid };
  return (
    (await listOnCell(home, planeDatabase, { find: 'claims', filter, limit: 1, readConcern: { level: 'majority' } }))
      .length > 0
  );
}

async function isEmptyCollection(home: Home, { database, name }: CellObject): Promise<boolean> {
  const [info] = await listOnCell<CollectionInfo>(home, database, { listCollections: 1, filter: { name } });
  if (info === undefined || foreignTraits(info) !== undefined) return false;
  return (await listOnCell(home, database, { find: name, limit: 1, projection: { _id: true } })).length === 0;
}

/**
 * The first object that a late command of the plane cannot have left: a collection that contains something or that the
 * plane does not create, or a user or role without a name of the tenant. In a home that was never claimed, any object.
 */
export async function firstOfAnother(
  home: Home,
  { collections, users, roles }: HomeObjects,
): Promise<CellObject | undefined> {
  const [first] = [...collections, ...users, ...roles];
  if (first === undefined || !(await wasReleased(home))) return first;
  const ownUsers = new Set(
    (await findUsers(home))
      .filter(({ customData }) => customData?.installation === home.installation && customData.tenant === home.uid)
      .map(({ user }) => user),
  );
  for (const collection of collections) if (!(await isEmptyCollection(home, collection))) return collection;
  const { database, readWrite, readOnly } = home.layout.roles;
  return (
    users.find(({ name }) => !ownUsers.has(name)) ??
    roles.find((role) => role.database !== database || (role.name !== readWrite && role.name !== readOnly))
  );
}
