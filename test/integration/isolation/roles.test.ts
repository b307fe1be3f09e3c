import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Db, Document } from 'mongodb';
import { createRoles } from '../../../engines/isolation/parts/roles.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import type { Observation } from '../../../engines/isolation/home-step.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { changing, openCell, specWith } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const reading = ['changeStream', 'collStats', 'find', 'indexStats', 'killCursors', 'listIndexes', 'planCacheRead'];
const writing = [...reading, 'insert', 'remove', 'update'].toSorted();

function rolesFor(collections: readonly string[], database: string): Document[] {
  const on = (actions: string[]): Document[] => collections.map((collection) => ({ resource: { db: database, collection }, actions }));
  return [
    { role: 'tenant_read_only', privileges: on(reading), roles: [], authenticationRestrictions: [] },
    { role: 'tenant_read_write', privileges: on(writing), roles: [], authenticationRestrictions: [] },
  ];
}

async function readRoles(db: Db): Promise<Document[]> {
  const { roles } = await db.command({ rolesInfo: 1, showPrivileges: true, showAuthenticationRestrictions: true });
  return (roles as Document[])
    .map(({ role, privileges, roles: inherited, authenticationRestrictions }) => ({
      role,
      privileges: (privileges as Document[]).toSorted((a, b) => (a['resource'].collection > b['resource'].collection ? -1 : 1)),
      roles: inherited,
      authenticationRestrictions,
    }))
    .toSorted((a, b) => (a.role < b.role ? -1 : 1));
}

async function claimed(): Promise<Home> {
  const home = cell.home();
  await cell.insertClaim(home);
  return home;
}

describe('ensure ends with exactly the two roles', () => {
  const change = (command: (database: string) => Document) => async (db: Db, home: Home) => {
    await createRoles.ensure(home);
    await db.command(command(db.databaseName));
  };
  const cases: readonly { readonly from: string; readonly arrange: (db: Db, home: Home) => Promise<unknown>; readonly observed: Observation }[] = [
    { from: 'nothing', arrange: async () => undefined, observed: 'absent' },
    { from: 'one of the two', arrange: change(() => ({ dropRole: 'tenant_read_write' })), observed: 'partial' },
    { from: 'no privileges', arrange: change(() => ({ updateRole: 'tenant_read_write', privileges: [] })), observed: 'wrong' },
    {
      from: 'one action more',
      arrange: change((db) => ({ grantPrivilegesToRole: 'tenant_read_only', privileges: [{ resource: { db, collection: 'orders' }, actions: ['insert'] }] })),
      observed: 'wrong',
    },
    {
      from: 'one action less',
      arrange: change((db) => ({ revokePrivilegesFromRole: 'tenant_read_write', privileges: [{ resource: { db, collection: 'orders' }, actions: ['remove'] }] })),
      observed: 'wrong',
    },
    {
      from: 'the whole database',
      arrange: change((db) => ({ grantPrivilegesToRole: 'tenant_read_write', privileges: [{ resource: { db, collection: '' }, actions: ['find'] }] })),
      observed: 'wrong',
    },
    { from: 'an inherited role', arrange: change((db) => ({ grantRolesToRole: 'tenant_read_write', roles: [{ role: 'dbAdmin', db }] })), observed: 'wrong' },
    {
      from: 'a restriction of where it may be used from',
      arrange: change(() => ({ updateRole: 'tenant_read_write', authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }] })),
      observed: 'wrong',
    },
    { from: 'both', arrange: (_db, home) => createRoles.ensure(home), observed: 'present' },
  ];
  for (const { from, arrange, observed } of cases) {
    test(from, async () => {
      const home = await claimed();
      const db = cell.database(home);
      await arrange(db, home);
      assert.equal(await createRoles.observe(home), observed);
      await createRoles.ensure(home);
      assert.deepEqual(await readRoles(db), rolesFor(['orders', 'events'], home.layout.database));
      assert.equal(await createRoles.observe(home), 'present');
    });
  }

  test('the roles of a spec that has since got a collection', async () => {
    const home = await claimed();
    await createRoles.ensure(home);
    const grown = changing(home, { spec: specWith([{ name: 'orders' }, { name: 'events' }, { name: 'carts' }]) });
    assert.equal(await createRoles.observe(grown), 'wrong');
    await createRoles.ensure(grown);
    assert.deepEqual(await readRoles(cell.database(home)), rolesFor(['orders', 'events', 'carts'], home.layout.database));
  });

  test('and with no others changed, and nothing written where both are there', async () => {
    const home = await claimed();
    await cell.database(home).command({ createRole: 'theirs', privileges: [], roles: [] });
    await createRoles.ensure(home);
    assert.equal((await readRoles(cell.database(home))).length, 3);
    cell.sent.length = 0;
    await createRoles.ensure(home);
    assert.deepEqual(cell.sent.map(({ commandName }) => commandName), ['find', 'rolesInfo', 'update']);
  });
});

describe('undo drops the two roles', () => {
  const cases: readonly { readonly from: string; readonly arrange?: (db: Db, home: Home) => Promise<unknown> }[] = [
    { from: 'nothing' },
    { from: 'one of the two', arrange: (db) => db.command({ createRole: 'tenant_read_only', privileges: [], roles: [] }) },
    { from: 'both', arrange: (_db, home) => createRoles.ensure(home) },
  ];
  for (const { from, arrange } of cases) {
    test(from, async () => {
      const home = await claimed();
      const db = cell.database(home);
      await db.command({ createRole: 'theirs', privileges: [], roles: [] });
      await arrange?.(db, home);
      await createRoles.undo(home);
      await createRoles.undo(home);
      assert.deepEqual((await readRoles(db)).map(({ role }) => role), ['theirs']);
    });
  }
});
