import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Db, Document } from 'mongodb';
import { beyondBoundary, withinBoundary } from '../../../engines/isolation/probe/boundary-attempts.ts';
import { differenceOf } from '../../../engines/isolation/parts/privileges.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, openCell, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(async () => {
  await cell.root.db('admin').command({ dropRole: clusterRole });
  await cell.close();
});
const probe = steps['probe-isolation'];
const clusterRole = 'probe_test_killop';

let neighbour: Home;
before(async () => {
  neighbour = await prepared();
  await cell.root.db('admin').command({ createRole: clusterRole, privileges: [{ resource: { cluster: true }, actions: ['killop'] }], roles: [] });
});

async function prepared(): Promise<Home> {
  const home = cell.home();
  await ensureBefore('probe-isolation', home);
  await cell.database(home).collection('events').insertOne({ kind: 'test' });
  return home;
}

/** All that a probe could have left, in the two tenants' databases and beyond. */
async function everythingNear(home: Home): Promise<Document> {
  const { databases } = await cell.root.db('admin').command({ listDatabases: 1, nameOnly: true });
  const admin = cell.root.db('admin');
  return {
    own: await cell.snapshot(home),
    neighbour: await cell.snapshot(neighbour),
    strayDatabases: (databases as Document[]).map(({ name }) => name as string).filter((name) => name.includes('probe') || name === 'tenant_00000000000000000000000000'),
    strayUsers: await admin.collection('system.users').find({ user: 'tenure_probe' }).toArray(),
    planeCollections: (await cell.root.db('tenure_cell').listCollections().toArray()).map(({ name }) => name),
  };
}

test('the real thing passes, again and again, and nothing is left behind', async () => {
  const home = await prepared();
  const before_ = await everythingNear(home);
  assert.match(await probe.ensure(home), /^20 attempts beyond the boundary refused by mongod$/);
  await probe.ensure(home);
  assert.equal(await probe.undo(home), 'a probe leaves nothing behind');
  assert.deepEqual(await everythingNear(home), before_);
});

describe('whatever is more or less than the boundary is named', () => {
  const toRole = (db: string, resource: Document, actions: string[]): Document => ({ grantPrivilegesToRole: 'tenant_read_write', privileges: [{ resource: { db, ...resource }, actions }] });
  const cases: readonly { readonly flaw: string; readonly arrange: (db: Db, home: Home) => Document; readonly named: (home: Home) => string }[] = [
    { flaw: 'one action more', arrange: (db) => toRole(db.databaseName, { collection: 'orders' }, ['dropCollection']), named: ({ layout }) => `mongod lets it dropCollection on ${layout.database}.orders` },
    { flaw: 'one collection more', arrange: (db) => toRole(db.databaseName, { collection: 'other' }, ['find']), named: ({ layout }) => `mongod lets it find on ${layout.database}.other` },
    {
      flaw: 'the whole database',
      arrange: (db) => toRole(db.databaseName, { collection: '' }, ['insert', 'find']),
      named: ({ layout }) => `mongod lets it find on {"db":"${layout.database}","collection":""}, insert on {"db":"${layout.database}","collection":""}`,
    },
    {
      flaw: 'a neighbour’s database',
      arrange: (_db, home) => ({ grantRolesToUser: home.layout.user, roles: [{ role: 'read', db: neighbour.layout.database }] }),
      named: () => `mongod lets it changeStream on ${neighbour.layout.database}.system.js`,
    },
    {
      flaw: 'a right on the whole cluster',
      arrange: (_db, home) => ({ grantRolesToUser: home.layout.user, roles: [{ role: clusterRole, db: 'admin' }] }),
      named: () => 'mongod lets it killop on {"cluster":true}',
    },
    {
      flaw: 'one action less',
      arrange: (db) => ({ revokePrivilegesFromRole: 'tenant_read_write', privileges: [{ resource: { db: db.databaseName, collection: 'orders' }, actions: ['remove'] }] }),
      named: ({ layout }) => `mongod does not let it remove on ${layout.database}.orders`,
    },
    { flaw: 'the read-only role', arrange: (_db, home) => ({ updateUser: home.layout.user, roles: ['tenant_read_only'] }), named: () => 'mongod does not let it insert on' },
    { flaw: 'another password', arrange: (_db, home) => ({ updateUser: home.layout.user, pwd: 'another', mechanisms: ['SCRAM-SHA-256'] }), named: () => 'its credential does not open its database' },
    { flaw: 'no user', arrange: (_db, home) => ({ dropUser: home.layout.user }), named: () => 'its credential does not open its database' },
    {
      flaw: 'a user that may not come from here',
      arrange: (_db, home) => ({ updateUser: home.layout.user, authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }] }),
      named: () => 'its credential does not open its database',
    },
  ];
  for (const { flaw, arrange, named } of cases) {
    test(flaw, async () => {
      const home = await prepared();
      await cell.database(home).command(arrange(cell.database(home), home));
      const before_ = await everythingNear(home);
      await assert.rejects(probe.ensure(home), (error: Error & { code: string }) => {
        assert.equal(error.code, 'isolation_probe_failed');
        assert.ok(error.message.includes(named(home)), error.message);
        return true;
      });
      assert.deepEqual(await everythingNear(home), before_);
    });
  }
});

describe('each attempt is one that mongod decides', () => {
  test('what lies within is done for the tenant', async () => {
    const home = await prepared();
    const tenant = await cell.asTenant(home);
    for (const { database, command } of withinBoundary(home)) assert.equal((await tenant.db(database).command(command))['ok'], 1);
  });

  test('what lies beyond is refused to the tenant, and let to root without any effect', async () => {
    const home = await prepared();
    const tenant = await cell.asTenant(home);
    const before_ = await everythingNear(home);
    for (const { what, database, command, stoppedBy } of beyondBoundary(home, neighbour.layout.database)) {
      await assert.rejects(tenant.db(database).command(command), { code: 13 }, what);
      const answer = await cell.root.db(database).command(command).then((reply) => (reply['writeErrors'] as { code: number }[] | undefined)?.[0]?.code, (error: { code: number }) => error.code);
      assert.equal(answer, stoppedBy, what);
    }
    assert.deepEqual(await everythingNear(home), before_);
  });
});

test('a long list of differing rights is cut short', () => {
  const [resource, actions] = [{ db: 'x', collection: 'y' }, ['a', 'b', 'c', 'd', 'e', 'f', 'g']];
  assert.equal(differenceOf([{ resource, actions }], []), 'mongod lets it a on x.y, b on x.y, c on x.y, d on x.y, e on x.y and 2 more');
  assert.equal(differenceOf([{ resource, actions }], [{ resource, actions: actions.toReversed() }]), undefined);
  assert.equal(differenceOf([{ resource: { cluster: true }, actions: ['a'] }], [{ resource: { anyResource: true }, actions: ['a'] }]), 'mongod lets it a on {"cluster":true}; mongod does not let it a on {"anyResource":true}');
});
