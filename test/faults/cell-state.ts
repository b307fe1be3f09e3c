import assert from 'node:assert/strict';
import type { MongoClient } from 'mongodb';
import { layoutOf, poolDatabase } from '../../domain/home-layout.ts';
import { indexName } from '../../contracts/manifests/index-spec.ts';
import { homeFormIn } from '../../domain/isolation.ts';
import { standings } from './standing.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** Everything on one cell that refers to a tenant's uid, or is in a database whose name does. Names are sorted. */
interface CellState {
  readonly claims: string[];
  /** With the names of their roles. */
  readonly users: string[];
  readonly roles: string[];
  readonly collections: Record<string, { readonly indexes: string[]; readonly documents: number }>;
}

const nothing: CellState = { claims: [], users: [], roles: [], collections: {} };

function byKey<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Looks for the uid in every place where an isolation mode can put something. */
async function look(cell: MongoClient, uid: string): Promise<CellState> {
  const own = `tenant_${uid}`;
  const ofTenant = (name: string): boolean => name.includes(uid);
  const users: string[] = [];
  const roles: string[] = [];
  const collections: [string, CellState['collections'][string]][] = [];
  for (const name of [own, poolDatabase, 'admin']) {
    const database = cell.db(name);
    const all = name === own;
    const foundUsers = await cell
      .db('admin')
      .collection<{ user: string; roles: { role: string }[] }>('system.users')
      .find({ db: name, ...(all ? {} : { user: { $regex: uid } }) })
      .toArray();
    // The user gets a new name each time access is granted.
    users.push(
      ...foundUsers.map(
        ({ user, roles: its }) =>
          `${name}.${user.replace(/^(tenant_[^_]+)_[0-9a-f]{24}$/, '$1')}: ${its.map(({ role }) => role).join()}`,
      ),
    );
    const asked = all ? 1 : [`${own}_read_write`, `${own}_read_only`].map((role) => ({ role, db: name }));
    const foundRoles = (await database.command({ rolesInfo: asked })) as { roles: { role: string }[] };
    roles.push(...foundRoles.roles.map(({ role }) => `${name}.${role}`));
    if (name === 'admin') continue;
    const infos = await database
      .listCollections(all ? {} : { name: { $regex: `_${uid}$` } }, { nameOnly: true })
      .toArray();
    for (const { name: collection } of infos.filter((info) => all || ofTenant(info.name))) {
      const indexes = await database.collection(collection).listIndexes().toArray();
      const documents = await database.collection(collection).countDocuments();
      collections.push([
        `${name}.${collection}`,
        { indexes: indexes.map((index) => String(index['name'])).toSorted(), documents },
      ]);
    }
  }
  const claims = await cell
    .db('tenure_cell')
    .collection<{ _id: string; tenant: string }>('claims')
    .find({ tenant: uid })
    .toArray();
  return {
    claims: claims.map(({ _id }) => _id),
    users: users.toSorted(),
    roles: roles.toSorted(),
    collections: byKey(collections),
  };
}

/** What must be on the tenant's cell in its state. */
function declared({ standing, uid, mode, plan, services, documents }: KnownTenant): CellState {
  if (standing === 'Purged' || !standings[standing].hasHome) return nothing;
  const layout = layoutOf({ uid, mode, spec: { plan, services } });
  const { access, secondaryIndexes } = homeFormIn(standings[standing].lifecycle);
  const { database, readWrite, readOnly } = layout.roles;
  return {
    claims: [layout.claim],
    users: access === 'absent' ? [] : [`${layout.database}.${layout.user}: ${access === 'none' ? '' : readWrite}`],
    roles: [`${database}.${readOnly}`, `${database}.${readWrite}`].toSorted(),
    collections: byKey(
      layout.namespaces.map((namespace) => [
        `${namespace.database}.${namespace.name}`,
        {
          indexes: ['_id_', ...(secondaryIndexes ? namespace.declared.indexes.map(indexName) : [])].toSorted(),
          documents: documents[namespace.declared.name] ?? 0,
        },
      ]),
    ),
  };
}

/** Compares what is on every cell, and in the secrets, with what must be there in the tenant's state. */
export async function expectCells(
  { cells, installation: { control, databases } }: Pick<TestBed, 'cells' | 'installation'>,
  tenant: KnownTenant,
): Promise<void> {
  for (const [region, cell] of cells) {
    assert.deepEqual(
      await look(cell, tenant.uid),
      region === tenant.region ? declared(tenant) : nothing,
      `on the cell of ${region}`,
    );
  }
  const hasSecrets = tenant.standing !== 'Purged' && standings[tenant.standing].hasHome;
  assert.equal(
    await control.db(databases.secrets).collection('secrets').countDocuments({ tenant: tenant.uid }),
    hasSecrets ? 2 : 0,
    'data key and credential',
  );
}
