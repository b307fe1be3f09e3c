import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Db, Document, MongoClient } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import { userName } from '../../../domain/home-layout.ts';
import { homeFormIn } from '../../../domain/isolation.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import type { Observation } from '../../../engines/isolation/home-step.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { changing, ensureBefore, inEveryMode, modes, openCell, parts, passwordOf, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
before(() => cell.root.db('admin').command({ createRole: 'tenant_read_write', privileges: [], roles: [] }));
after(async () => {
  await cell.root.db('admin').command({ dropRole: 'tenant_read_write' });
  await cell.close();
});
const createUser = steps['create-user'];
const user = parts['home-user'];

async function prepared(mode: IsolationMode = 'dedicated'): Promise<Home> {
  const home = cell.home({ mode });
  await ensureBefore('create-user', home);
  return home;
}

/** The names of all the tenant's users. */
async function namesOf({ uid, layout }: Home): Promise<string[]> {
  const users = cell.root
    .db('admin')
    .collection<{ user: string }>('system.users')
    .find({ db: layout.database, user: { $regex: `^tenant_${uid}` } });
  return (await users.toArray()).map((found) => found.user);
}

async function readUser(home: Home): Promise<Document | undefined> {
  const { users } = await cell
    .database(home)
    .command({ usersInfo: { user: home.layout.user, db: home.layout.database }, showAuthenticationRestrictions: true });
  return (users as Document[])[0];
}

/** Checks that the tenant can write with the credential that the steps use. */
async function assertOpens(home: Home): Promise<void> {
  const client = await cell.asTenant(home);
  for (const { declared, database, name } of home.layout.namespaces)
    await client.db(database).collection(name).insertOne({ sku: declared.name });
}

/** Creates the user with the step, and then changes it directly. */
const update = (fields: (home: Home) => Document) => async (db: Db, home: Home) => {
  await createUser.ensure(home);
  await db.command({ updateUser: home.layout.user, ...fields(home) });
};

describe('after ensure, the user has its role and its password', () => {
  const cases: readonly {
    readonly from: string;
    readonly arrange: (db: Db, home: Home) => Promise<unknown>;
    readonly observed: Observation;
  }[] = [
    { from: 'nothing', arrange: async () => undefined, observed: 'absent' },
    { from: 'no role', arrange: update(() => ({ roles: [] })), observed: 'wrong' },
    {
      from: 'another role',
      arrange: update(({ layout }) => ({ roles: [{ role: layout.roles.readOnly, db: layout.roles.database }] })),
      observed: 'wrong',
    },
    {
      from: 'an extra role',
      arrange: update(({ layout }) => ({
        roles: [
          { role: layout.roles.readWrite, db: layout.roles.database },
          { role: 'read', db: 'elsewhere' },
        ],
      })),
      observed: 'wrong',
    },
    {
      from: 'a role with the same name in another database',
      arrange: update(() => ({ roles: [{ role: 'tenant_read_write', db: 'admin' }] })),
      observed: 'wrong',
    },
    {
      from: 'another password',
      arrange: update(() => ({ pwd: 'another', mechanisms: ['SCRAM-SHA-256'] })),
      observed: 'present',
    },
    {
      from: 'an additional, older mechanism',
      arrange: update((home) => ({ pwd: home.uid, mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] })),
      observed: 'wrong',
    },
    {
      from: 'a restriction to an address',
      arrange: update(() => ({ authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }] })),
      observed: 'wrong',
    },
    { from: 'the user as declared', arrange: (_db, home) => createUser.ensure(home), observed: 'present' },
  ];
  for (const { mode, from, arrange, observed } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = await prepared(mode);
      await arrange(cell.database(home), home);
      assert.equal(await createUser.observe(home), observed);
      await createUser.ensure(home);
      assert.equal(await createUser.observe(home), 'present');
      const found = await readUser(home);
      assert.deepEqual(found?.['roles'], [{ role: home.layout.roles.readWrite, db: home.layout.roles.database }]);
      assert.deepEqual(found['mechanisms'], ['SCRAM-SHA-256']);
      assert.deepEqual(found['customData'], { installation: home.installation, tenant: home.uid, config: home.config });
      assert.deepEqual(found['authenticationRestrictions'], []);
      await assertOpens(home);
    });
  }
});

describe('a user that was not created for this tenant is left unchanged', () => {
  const cases: Readonly<Record<string, Document | undefined>> = {
    'of another installation': { installation: 'elsewhere' },
    'of another tenant': { tenant: '01aaaaaaaaaaaaaaaaaaaaaaaa' },
    'of an unknown owner': undefined,
  };
  for (const { mode, name, changes } of inEveryMode(
    Object.entries(cases).map(([name, changes]) => ({ name, changes })),
  )) {
    test(`${name} in mode ${mode}`, async () => {
      const home = await prepared(mode);
      const customData = { installation: home.installation, tenant: home.uid, ...changes };
      await cell.database(home).command({
        createUser: home.layout.user,
        pwd: 'theirs',
        roles: [],
        ...(changes === undefined ? {} : { customData }),
      });
      const before = await cell.snapshot(home);
      const refusal = { code: 'owned_by_another', message: /was not created for this tenant/ };
      await assert.rejects(createUser.observe(home), refusal);
      await assert.rejects(createUser.ensure(home), refusal);
      assert.match(await createUser.undo(home), /^left unchanged: user/);
      assert.deepEqual(await cell.snapshot(home), before);
      const theirs = await cell.asTenant(home, 'theirs');
      await theirs.db(home.layout.database).command({ ping: 1 });
    });
  }
});

for (const mode of modes) {
  test(`a user that an older build named by uid alone is replaced only on resumption, in mode ${mode}`, async () => {
    const home = await prepared(mode);
    const { roles } = home.layout;
    const legacy = {
      createUser: `tenant_${home.uid}`,
      pwd: await passwordOf(home.uid),
      mechanisms: ['SCRAM-SHA-256'],
      roles: [{ role: roles.readWrite, db: roles.database }],
    };
    await cell
      .database(home)
      .command({ ...legacy, customData: { installation: home.installation, tenant: home.uid, config: home.config } });
    assert.equal(await user.observe(home), 'present');
    await user.ensure(home);
    assert.equal(home.layout.user, `tenant_${home.uid}`);
    const suspended = changing(home, { form: homeFormIn('Suspended') });
    await user.ensure(suspended);
    assert.deepEqual((await readUser(home))?.['roles'], []);
    await user.ensure(changing(suspended, { form: homeFormIn('Active') }));
    assert.match(home.layout.user, new RegExp(`^tenant_${home.uid}_[0-9a-f]{24}$`));
    assert.deepEqual(await namesOf(home), [home.layout.user]);
    await assertOpens(home);
  });
}

describe('a user that an attempt left behind is taken over or removed', () => {
  const byAttempt = async (
    home: Home,
    nonce: string,
    roles = [{ role: home.layout.roles.readWrite, db: home.layout.roles.database }],
  ): Promise<string> => {
    const name = userName(home.uid, nonce);
    await cell.database(home).command({
      createUser: name,
      pwd: await passwordOf(home.uid),
      mechanisms: ['SCRAM-SHA-256'],
      roles,
      customData: { installation: home.installation, tenant: home.uid, config: home.config },
    });
    return name;
  };

  for (const mode of modes) {
    test(`by an attempt that creates the user, in mode ${mode}`, async () => {
      const home = await prepared(mode);
      const left = await byAttempt(home, 'a');
      await createUser.ensure(home);
      assert.deepEqual([home.layout.user, await namesOf(home)], [left, [left]]);
    });

    test(`by a reconciliation, a suspension and an archival, in mode ${mode}`, async () => {
      const home = await prepared(mode);
      await createUser.ensure(home);
      const current = home.layout.user;
      await byAttempt(home, '0');
      assert.equal(await user.observe(home), 'wrong');
      await user.ensure(home);
      assert.deepEqual([home.layout.user, await namesOf(home)], [current, [current]]);
      await byAttempt(home, '0');
      await user.ensure(changing(home, { form: homeFormIn('Suspended') }));
      assert.deepEqual([await namesOf(home), (await readUser(home))?.['roles']], [[current], []]);
      await byAttempt(home, '0');
      await user.ensure(changing(home, { form: homeFormIn('Archived') }));
      assert.deepEqual(await namesOf(home), []);
    });
  }
});

test('no command for an existing user grants it a role', async () => {
  const home = await prepared();
  await createUser.ensure(home);
  const giving: string[] = [];
  // The driver hides the contents of these commands from its monitoring.
  const db = (database: string) => ({
    command(command: Document, options: object) {
      const [name = ''] = Object.keys(command);
      if (((command['roles'] as unknown[] | undefined) ?? []).length > 0 && name !== 'revokeRolesFromUser')
        giving.push(name);
      return cell.plane.db(database).command(command, options);
    },
  });
  const watched = { ...home.cell, client: { db } as unknown as MongoClient };
  for (const changes of [
    { config: { theme: 'light' } },
    { form: homeFormIn('Suspended') },
    { form: homeFormIn('Active') },
  ])
    await user.ensure({ ...changing(home, changes), cell: watched });
  assert.deepEqual(giving, ['createUser']);
});

test('ensure does not interrupt an open connection', async () => {
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
    {
      from: 'a user that was changed',
      arrange: (home: Home) => update(() => ({ pwd: 'x', roles: [] }))(cell.database(home), home),
    },
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
      assert.deepEqual(
        (users as Document[]).map((found) => found['user'] as string).filter((name) => name.includes(home.uid)),
        [theirs],
      );
    });
  }
});
