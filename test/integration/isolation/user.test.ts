import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Db, Document } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import type { Observation } from '../../../engines/isolation/home-step.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, inEveryMode, openCell, passwordOf, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
before(() => cell.root.db('admin').command({ createRole: 'tenant_read_write', privileges: [], roles: [] }));
after(async () => {
  await cell.root.db('admin').command({ dropRole: 'tenant_read_write' });
  await cell.close();
});
const createUser = steps['create-user'];

async function prepared(mode: IsolationMode = 'dedicated'): Promise<Home> {
  const home = cell.home({ mode });
  await ensureBefore('create-user', home);
  return home;
}

async function readUser(home: Home): Promise<Document | undefined> {
  const { users } = await cell.database(home).command({ usersInfo: { user: home.layout.user, db: home.layout.database }, showAuthenticationRestrictions: true });
  return (users as Document[])[0];
}

/** Whether the credential that the steps know opens the database. */
async function assertOpens(home: Home): Promise<void> {
  const client = await cell.asTenant(home);
  for (const { declared, database, name } of home.layout.namespaces) await client.db(database).collection(name).insertOne({ sku: declared.name });
}

/** Makes the user and then changes it past the step. */
const update = (fields: (home: Home) => Document) => async (db: Db, home: Home) => {
  await createUser.ensure(home);
  await db.command({ updateUser: home.layout.user, ...fields(home) });
};

describe('ensure ends with a user that has its role and its password', () => {
  const cases: readonly { readonly from: string; readonly arrange: (db: Db, home: Home) => Promise<unknown>; readonly observed: Observation }[] = [
    { from: 'nothing', arrange: async () => undefined, observed: 'absent' },
    { from: 'no role', arrange: update(() => ({ roles: [] })), observed: 'wrong' },
    { from: 'another role', arrange: update(({ layout }) => ({ roles: [{ role: layout.roles.readOnly, db: layout.roles.database }] })), observed: 'wrong' },
    { from: 'one role more', arrange: update(({ layout }) => ({ roles: [{ role: layout.roles.readWrite, db: layout.roles.database }, { role: 'read', db: 'elsewhere' }] })), observed: 'wrong' },
    { from: 'a role of that name in another database', arrange: update(() => ({ roles: [{ role: 'tenant_read_write', db: 'admin' }] })), observed: 'wrong' },
    { from: 'another password', arrange: update(() => ({ pwd: 'another', mechanisms: ['SCRAM-SHA-256'] })), observed: 'present' },
    { from: 'an older mechanism too', arrange: update((home) => ({ pwd: home.uid, mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] })), observed: 'wrong' },
    { from: 'a restriction of where it may log in from', arrange: update(() => ({ authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }] })), observed: 'wrong' },
    { from: 'the user as it should be', arrange: (_db, home) => createUser.ensure(home), observed: 'present' },
  ];
  for (const { mode, from, arrange, observed } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = await prepared(mode);
      await arrange(cell.database(home), home);
      assert.equal(await createUser.observe(home), observed);
      await createUser.ensure(home);
      assert.equal(await createUser.observe(home), 'present');
      const user = await readUser(home);
      assert.deepEqual(user?.['roles'], [{ role: home.layout.roles.readWrite, db: home.layout.roles.database }]);
      assert.deepEqual(user['mechanisms'], ['SCRAM-SHA-256']);
      assert.deepEqual(user['customData'], { installation: home.installation, tenant: home.uid, config: home.config });
      assert.deepEqual(user['authenticationRestrictions'], []);
      await assertOpens(home);
    });
  }
});

describe('a user that was made for another is left as it is', () => {
  const cases: Readonly<Record<string, Document | undefined>> = {
    'of another installation': { installation: 'elsewhere' },
    'of another tenant': { tenant: '01aaaaaaaaaaaaaaaaaaaaaaaa' },
    'that says nothing of whose it is': undefined,
  };
  for (const { mode, name, changes } of inEveryMode(Object.entries(cases).map(([name, changes]) => ({ name, changes })))) {
    test(`${name} in mode ${mode}`, async () => {
      const home = await prepared(mode);
      const customData = { installation: home.installation, tenant: home.uid, ...changes };
      await cell.database(home).command({ createUser: home.layout.user, pwd: 'theirs', roles: [], ...(changes === undefined ? {} : { customData }) });
      const before = await cell.snapshot(home);
      const refusal = { code: 'owned_by_another', message: /was not made for this tenant/ };
      await assert.rejects(createUser.observe(home), refusal);
      await assert.rejects(createUser.ensure(home), refusal);
      assert.match(await createUser.undo(home), /^left as it is: user/);
      assert.deepEqual(await cell.snapshot(home), before);
      const theirs = await cell.asTenant(home, 'theirs');
      await theirs.db(home.layout.database).command({ ping: 1 });
    });
  }
});

test('ensure does not disturb who is connected', async () => {
  const home = await prepared();
  await createUser.ensure(home);
  const client = await cell.asTenant(home, await passwordOf(home.uid));
  const events = client.db(home.layout.database).collection('events');
  await events.insertOne({});
  await createUser.ensure(home);
  await events.insertOne({});
});

describe('undo drops the user', () => {
  const cases = [
    { from: 'nothing', arrange: async () => undefined },
    { from: 'the user', arrange: (home: Home) => createUser.ensure(home) },
    { from: 'a user that was changed', arrange: (home: Home) => update(() => ({ pwd: 'x', roles: [] }))(cell.database(home), home) },
  ];
  for (const { mode, from, arrange } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = await prepared(mode);
      const theirs = `theirs_${home.uid}`;
      await cell.database(home).command({ createUser: theirs, pwd: 'x', roles: [] });
      await arrange(home);
      await createUser.undo(home);
      await createUser.undo(home);
      const { users } = await cell.database(home).command({ usersInfo: 1 });
      assert.deepEqual((users as Document[]).map(({ user }) => user as string).filter((user) => user.includes(home.uid)), [theirs]);
    });
  }
});
