import { parsePooledName, poolDatabase } from '../../../domain/home-layout.ts';
import { listOnCell, readOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { findUsers } from './tenant-users.ts';

/** Something with a name that only this tenant may use. */
export interface CellObject {
  readonly database: string;
  readonly name: string;
}

export interface HomeObjects {
  readonly collections: readonly CellObject[];
  readonly users: readonly CellObject[];
  readonly roles: readonly CellObject[];
}

async function collectionsOf(home: Home): Promise<CellObject[]> {
  const { ownDatabase, usesPool } = home.layout;
  const found: CellObject[] = [];
  if (ownDatabase !== undefined) {
    const infos = await listOnCell<{ name: string }>(home, ownDatabase, { listCollections: 1, nameOnly: true });
    found.push(...infos.map(({ name }) => ({ database: ownDatabase, name })));
  }
  if (usesPool) {
    const infos = await listOnCell<{ name: string }>(home, poolDatabase, {
      listCollections: 1,
      nameOnly: true,
      filter: { name: { $regex: `_${home.uid}$` } },
    });
    found.push(
      ...infos
        .filter(({ name }) => parsePooledName(name)?.uid === home.uid)
        .map(({ name }) => ({ database: poolDatabase, name })),
    );
  }
  return found;
}

async function usersOf(home: Home): Promise<CellObject[]> {
  const { ownDatabase, database } = home.layout;
  if (ownDatabase === undefined) return (await findUsers(home)).map(({ user }) => ({ database, name: user }));
  const { users } = await readOnCell(home, ownDatabase, { usersInfo: 1 });
  return (users as { user: string; db: string }[]).map((found) => ({ database: found.db, name: found.user }));
}

async function rolesOf(home: Home): Promise<CellObject[]> {
  const { ownDatabase, roles } = home.layout;
  const queries: [string, unknown][] = [
    [roles.database, [roles.readWrite, roles.readOnly].map((role) => ({ role, db: roles.database }))],
  ];
  if (ownDatabase !== undefined) queries.push([ownDatabase, 1]);
  const found = new Map<string, CellObject>();
  for (const [database, rolesInfo] of queries) {
    const reply = await readOnCell(home, database, { rolesInfo });
    for (const { role, db } of reply['roles'] as { role: string; db: string }[])
      found.set(`${db}.${role}`, { database: db, name: role });
  }
  return [...found.values()];
}

/** Everything with a name of this tenant, and everything in its own database, regardless of who created it. */
export async function objectsIn(home: Home): Promise<HomeObjects> {
  return { collections: await collectionsOf(home), users: await usersOf(home), roles: await rolesOf(home) };
}
