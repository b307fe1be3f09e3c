import type { MongoClient } from 'mongodb';
import type { ModelTenant } from './world.ts';

/** Everything that exists of one tenant outside the registry. */
export interface Traces {
  readonly claims: number;
  readonly users: number;
  /** Roles that its users have. */
  readonly grants: number;
  readonly roles: number;
  readonly collections: number;
  readonly secondaryIndexes: number;
  readonly documents: number;
  readonly secrets: number;
}

const nothing: Traces = {
  claims: 0,
  users: 0,
  grants: 0,
  roles: 0,
  collections: 0,
  secondaryIndexes: 0,
  documents: 0,
  secrets: 0,
};

async function tracesOnCell(cell: MongoClient, uid: string): Promise<Omit<Traces, 'secrets'>> {
  const own = `tenant_${uid}`;
  const byUid = new RegExp(uid);
  const admin = cell.db('admin');
  const users = await admin
    .collection<{ roles: unknown[] }>('system.users')
    .find({ $or: [{ db: own }, { user: byUid }] })
    .toArray();
  const roles = await admin.collection('system.roles').countDocuments({ $or: [{ db: own }, { role: byUid }] });
  const claims = await cell.db('tenure_cell').collection('claims').countDocuments({ tenant: uid });
  const found = {
    claims,
    users: users.length,
    grants: users.reduce((sum, user) => sum + user.roles.length, 0),
    roles,
    collections: 0,
    secondaryIndexes: 0,
    documents: 0,
  };
  for (const [database, filter] of [
    [own, {}],
    ['tenure_pool', { name: byUid }],
  ] as const) {
    for (const { name } of await cell.db(database).listCollections(filter, { nameOnly: true }).toArray()) {
      const collection = cell.db(database).collection(name);
      found.collections += 1;
      found.secondaryIndexes += (await collection.indexes()).length - 1;
      found.documents += await collection.countDocuments();
    }
  }
  return found;
}

/** Looks for a tenant's uid in every place that any layout uses. */
export async function tracesOf(
  cells: readonly MongoClient[],
  secrets: MongoClient,
  secretsDatabase: string,
  uid: string,
): Promise<Traces> {
  const found = await Promise.all(cells.map((cell) => tracesOnCell(cell, uid)));
  const sum = (part: keyof Omit<Traces, 'secrets'>): number => found.reduce((total, one) => total + one[part], 0);
  return {
    ...{
      claims: sum('claims'),
      users: sum('users'),
      grants: sum('grants'),
      roles: sum('roles'),
      collections: sum('collections'),
    },
    ...{
      secondaryIndexes: sum('secondaryIndexes'),
      documents: sum('documents'),
      secrets: await secrets.db(secretsDatabase).collection('secrets').countDocuments({ tenant: uid }),
    },
  };
}

/** What should exist of a tenant on which no operation runs; `null`: of a purged tenant. */
export function expectedTraces(tenant: ModelTenant | null): Traces {
  if (tenant === null || tenant.state === 'Draft' || tenant.deletedFrom === 'Draft') return nothing;
  const kept = { claims: 1, roles: 2, collections: 2, documents: tenant.documents, secrets: 2 };
  switch (tenant.state) {
    case 'Active':
      return { ...kept, users: 1, grants: 1, secondaryIndexes: 2 };
    case 'Suspended':
      return { ...kept, users: 1, grants: 0, secondaryIndexes: 2 };
    case 'Archived':
    case 'Deleted':
      return { ...kept, users: 0, grants: 0, secondaryIndexes: 0 };
  }
}
