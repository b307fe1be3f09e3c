import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { LifecycleState } from '../../../contracts/lifecycle.ts';
import { homeFormIn } from '../../../domain/isolation.ts';
import { scanCell } from '../../../engines/isolation/drift/scan-cell.ts';
import { repairable } from '../../../domain/drift.ts';
import type { DriftFinding } from '../../../domain/drift.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, heldLease, inEveryMode, modes, newId, openCell, partNames, parts } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const states: readonly LifecycleState[] = ['Active', 'Suspended', 'Archived'];

async function standing(mode: Home['mode'], state: LifecycleState = 'Active'): Promise<Home> {
  const home = cell.home({
    mode,
    form: homeFormIn(state),
    config: { theme: 'dark', link: { $ref: 'a.b', $id: 'z' }, odd: { '': { 'a.b': null } } },
  });
  await ensureBefore('create-collections', home);
  for (const name of partNames) await parts[name].ensure(home);
  return home;
}

async function scan(...homes: Home[]): Promise<DriftFinding[][]> {
  const findings = await scanCell({ cell: homes[0]!.cell, homes, lease: heldLease });
  return homes.map((home) => findings.get(home) ?? assert.fail('a home has no result'));
}

const short = (findings: readonly DriftFinding[]) => findings.map(({ part, kind, name }) => `${kind} ${part} ${name}`);

test('what the parts have just created has no findings, in any mode and state', async () => {
  const homes: Home[] = [];
  for (const mode of modes) for (const state of states) homes.push(await standing(mode, state));
  assert.deepEqual(
    await scan(...homes),
    homes.map(() => []),
  );
});

test('an empty home has exactly one finding for each missing object', async () => {
  for (const mode of modes) {
    const home = cell.home({ mode });
    const { claim, database, user, roles, namespaces } = home.layout;
    const [findings] = await scan(home);
    assert.deepEqual(short(findings ?? []), [
      `missing claim ${claim}`,
      ...namespaces.map((namespace) => `missing collection ${namespace.database}.${namespace.name}`),
      `missing role ${roles.database}.${roles.readWrite}`,
      `missing role ${roles.database}.${roles.readOnly}`,
      `missing user ${database}.${user}`,
    ]);
  }
});

interface HandMade {
  readonly change: string;
  readonly state?: LifecycleState;
  readonly make: (home: Home) => Promise<unknown>;
  readonly found: (home: Home) => string;
  /** Whether the parts repair it. */
  readonly mended: boolean;
}

const on = (home: Home, declared: string): string => {
  const { dbName, collectionName } = cell.collection(home, declared);
  return `${dbName}.${collectionName}`;
};
const inUser = (home: Home, command: object) =>
  cell.database(home).command({ updateUser: home.layout.user, ...command });
const inRole = (home: Home, command: object) => cell.root.db(home.layout.roles.database).command(command);
const userOf = ({ layout }: Home): string => `${layout.database}.${layout.user}`;
const readOnly = ({ layout }: Home): string => `${layout.roles.database}.${layout.roles.readOnly}`;

const handMade: readonly HandMade[] = [
  {
    change: 'a claim of another installation',
    make: async (home) => [await cell.removeClaim(home), await cell.insertClaim(home, { installation: 'elsewhere' })],
    found: ({ layout }) => `foreign claim ${layout.claim}`,
    mended: false,
  },
  {
    change: 'a missing claim',
    make: (home) => cell.removeClaim(home),
    found: ({ layout }) => `missing claim ${layout.claim}`,
    mended: false,
  },
  {
    change: 'a missing collection',
    make: (home) => cell.collection(home, 'orders').drop(),
    found: (home) => `missing collection ${on(home, 'orders')}`,
    mended: true,
  },
  {
    change: 'a view in the place of a collection',
    make: async (home) => {
      await cell.collection(home, 'events').drop();
      await cell.inside(home).createCollection('events', { viewOn: 'x', pipeline: [] });
    },
    found: (home) => `foreign collection ${on(home, 'events')}`,
    mended: false,
  },
  {
    change: 'an extra collection',
    make: (home) => cell.inside(home).createCollection('theirs'),
    found: ({ layout, uid }) =>
      `extra collection ${layout.ownDatabase ?? 'tenure_pool'}.theirs${layout.ownDatabase === undefined ? `_${uid}` : ''}`,
    mended: false,
  },
  {
    change: 'a different validator',
    make: (home) => cell.inside(home).command({ collMod: 'orders', validator: { a: 1 } }),
    found: (home) => `wrong validator ${on(home, 'orders')}`,
    mended: true,
  },
  {
    change: 'a validator that only warns',
    make: (home) => cell.inside(home).command({ collMod: 'orders', validationAction: 'warn' }),
    found: (home) => `wrong validator ${on(home, 'orders')}`,
    mended: true,
  },
  {
    change: 'a missing index',
    make: (home) => cell.collection(home, 'orders').dropIndex('sku_1'),
    found: (home) => `missing index ${on(home, 'orders')}/sku_1`,
    mended: true,
  },
  {
    change: 'an index that is no longer unique',
    make: async (home) => [
      await cell.collection(home, 'orders').dropIndex('sku_1'),
      await cell.collection(home, 'orders').createIndex({ sku: 1 }),
    ],
    found: (home) => `wrong index ${on(home, 'orders')}/sku_1`,
    mended: true,
  },
  {
    change: 'an extra index',
    make: (home) => cell.collection(home, 'events').createIndex({ hand: 1 }),
    found: (home) => `extra index ${on(home, 'events')}/hand_1`,
    mended: false,
  },
  {
    change: 'a declared index of an archived tenant',
    state: 'Archived',
    make: (home) => cell.collection(home, 'orders').createIndex({ sku: 1 }, { unique: true }),
    found: (home) => `wrong index ${on(home, 'orders')}/sku_1`,
    mended: true,
  },
  {
    change: 'a missing role',
    state: 'Suspended',
    make: (home) => inRole(home, { dropRole: home.layout.roles.readOnly }),
    found: (home) => `missing role ${readOnly(home)}`,
    mended: true,
  },
  {
    change: 'a role with fewer rights',
    make: (home) => inRole(home, { updateRole: home.layout.roles.readOnly, privileges: [] }),
    found: (home) => `wrong role ${readOnly(home)}`,
    mended: true,
  },
  {
    change: 'a role that inherits another role',
    make: (home) =>
      inRole(home, {
        grantRolesToRole: home.layout.roles.readOnly,
        roles: [{ role: 'dbAdmin', db: home.layout.roles.database }],
      }),
    found: (home) => `wrong role ${readOnly(home)}`,
    mended: true,
  },
  {
    change: 'a role restricted to an address',
    make: (home) =>
      inRole(home, {
        updateRole: home.layout.roles.readOnly,
        authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }],
      }),
    found: (home) => `wrong role ${readOnly(home)}`,
    mended: true,
  },
  {
    change: 'an extra role',
    make: (home) => inRole(home, { createRole: `theirs_${home.uid}`, privileges: [], roles: [] }),
    found: (home) => `extra role ${home.layout.roles.database}.theirs_${home.uid}`,
    mended: false,
  },
  {
    change: 'a missing user',
    make: (home) => cell.database(home).command({ dropUser: home.layout.user }),
    found: (home) => `missing user ${userOf(home)}`,
    mended: true,
  },
  {
    change: 'a user that belongs to another installation',
    make: (home) => inUser(home, { customData: { installation: 'elsewhere', tenant: home.uid, config: home.config } }),
    found: (home) => `foreign user ${userOf(home)}`,
    mended: false,
  },
  {
    change: 'a user without its role',
    make: (home) => inUser(home, { roles: [] }),
    found: (home) => `wrong user ${userOf(home)}`,
    mended: true,
  },
  {
    change: 'a suspended user that was granted its role by hand',
    state: 'Suspended',
    make: (home) => inUser(home, { roles: [{ role: home.layout.roles.readWrite, db: home.layout.roles.database }] }),
    found: (home) => `wrong user ${userOf(home)}`,
    mended: true,
  },
  {
    change: 'a user of an archived tenant',
    state: 'Archived',
    make: (home) =>
      cell.database(home).command({
        createUser: home.layout.user,
        pwd: 'x',
        roles: [],
        customData: { installation: home.installation, tenant: home.uid },
      }),
    found: (home) => `wrong user ${userOf(home)}`,
    mended: true,
  },
  {
    change: 'a user restricted to an address',
    make: (home) => inUser(home, { authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }] }),
    found: (home) => `wrong user ${userOf(home)}`,
    mended: true,
  },
  {
    change: 'a user with an older mechanism',
    make: (home) => inUser(home, { pwd: 'x', mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] }),
    found: (home) => `wrong user ${userOf(home)}`,
    mended: true,
  },
  {
    change: 'a user that an attempt left behind',
    make: (home) =>
      cell.database(home).command({
        createUser: `tenant_${home.uid}_left`,
        pwd: 'x',
        roles: [{ role: home.layout.roles.readWrite, db: home.layout.roles.database }],
        customData: { installation: home.installation, tenant: home.uid },
      }),
    found: ({ layout, uid }) => `wrong user ${layout.database}.tenant_${uid}_…`,
    mended: true,
  },
  {
    change: 'a user with a name of the tenant that was not created for it',
    make: (home) => cell.database(home).command({ createUser: `tenant_${home.uid}_theirs`, pwd: 'x', roles: [] }),
    found: ({ layout, uid }) => `foreign user ${layout.database}.tenant_${uid}_…`,
    mended: false,
  },
  {
    change: 'an extra user',
    make: (home) => cell.database(home).command({ createUser: `theirs_${home.uid}`, pwd: 'x', roles: [] }),
    found: (home) => `extra user ${home.layout.database}.theirs_${home.uid}`,
    mended: false,
  },
  {
    change: 'a different configuration',
    make: (home) =>
      inUser(home, {
        customData: { installation: home.installation, tenant: home.uid, config: { ...home.config, theme: 'bright' } },
      }),
    found: (home) => `wrong configuration ${userOf(home)}`,
    mended: true,
  },
];

describe('each change made by hand gives exactly its finding', () => {
  for (const { mode, change, state = 'Active', make, found, mended } of inEveryMode(handMade)) {
    test(`${change} in mode ${mode}${mended ? ', and the parts repair it' : ''}`, async () => {
      const [home, neighbour] = [await standing(mode, state), await standing(mode)];
      await make(home);
      const [findings, theirs] = await scan(home, neighbour);
      assert.deepEqual([short(findings ?? []), theirs], [[found(home)], []]);
      assert.ok((findings ?? []).every(({ detail }) => detail.length > 0));
      assert.equal(repairable(findings ?? []).length > 0, mended);
      if (!mended) return;
      for (const name of partNames) await parts[name].ensure(home);
      assert.deepEqual(await scan(home), [[]]);
    });
  }
});

test('a thousand homes are scanned with few commands, and none is confused with another', async () => {
  const real = await Promise.all(modes.map((mode) => standing(mode)));
  const uids = Array.from({ length: 997 }, () => newId());
  const absent = uids.map((uid, at) => cell.home({ uid, mode: modes[at % modes.length] ?? 'dedicated' }));
  cell.sent.length = 0;
  const findings = await scan(...real, ...absent);
  assert.deepEqual(
    findings.slice(0, real.length),
    real.map(() => []),
  );
  assert.deepEqual(new Set(findings.slice(real.length).map(({ length }) => length)), new Set([6]));
  const ownDatabases = [...real, ...absent].filter(({ layout }) => layout.ownDatabase !== undefined).length;
  assert.ok(cell.sent.length < ownDatabases + 100, `${cell.sent.length} commands for ${ownDatabases} databases`);
});

test('a scan changes nothing', async () => {
  const homes = await Promise.all(modes.map((mode) => standing(mode)));
  const before = await Promise.all(homes.map((home) => cell.snapshot(home)));
  await scan(...homes);
  assert.deepEqual(await Promise.all(homes.map((home) => cell.snapshot(home))), before);
});
