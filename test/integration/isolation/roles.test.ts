import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Db, Document } from 'mongodb';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../../contracts/manifests/tenant.ts';
import { createRoles } from '../../../engines/isolation/parts/roles.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import type { Observation } from '../../../engines/isolation/home-step.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { changing, inEveryMode, modes, openCell, specWith } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const reading = ['changeStream', 'collStats', 'find', 'indexStats', 'killCursors', 'listIndexes', 'planCacheRead'];
const writing = [...reading, 'insert', 'remove', 'update'].toSorted();

function rolesFor({ layout }: Home): Document[] {
  const on = (actions: string[]): Document[] =>
    layout.namespaces.map(({ database, name }) => ({ resource: { db: database, collection: name }, actions }));
  return [
    { role: layout.roles.readOnly, privileges: on(reading), roles: [], authenticationRestrictions: [] },
    { role: layout.roles.readWrite, privileges: on(writing), roles: [], authenticationRestrictions: [] },
  ];
}

/** The tenant's roles, and all others in its own database. */
async function readRoles({ layout, uid }: Home): Promise<Document[]> {
  const { roles } = await cell.root
    .db(layout.roles.database)
    .command({ rolesInfo: 1, showPrivileges: true, showAuthenticationRestrictions: true });
  const order = (resource: Document): number =>
    layout.namespaces.findIndex(({ database, name }) => database === resource['db'] && name === resource['collection']);
  return (roles as Document[])
    .filter(({ role }) => layout.roles.database === layout.ownDatabase || (role as string).includes(uid))
    .map(({ role, privileges, roles: inherited, authenticationRestrictions }) => ({
      role,
      privileges: (privileges as Document[]).toSorted((a, b) => order(a['resource']) - order(b['resource'])),
      roles: inherited,
      authenticationRestrictions,
    }))
    .toSorted((a, b) => (a.role < b.role ? -1 : 1));
}

async function claimed(mode: IsolationMode = 'dedicated', spec?: TenantSpec): Promise<Home> {
  const home = cell.home({ mode, ...(spec === undefined ? {} : { spec }) });
  await cell.insertClaim(home);
  return home;
}

describe('after ensure, there are exactly the two roles', () => {
  const change = (command: (home: Home) => Document) => async (db: Db, home: Home) => {
    await createRoles.ensure(home);
    await db.command(command(home));
  };
  const orders = ({ layout }: Home): Document => ({
    db: layout.namespaces[0]!.database,
    collection: layout.namespaces[0]!.name,
  });
  const readWrite = ({ layout }: Home): string => layout.roles.readWrite;
  const readOnly = ({ layout }: Home): string => layout.roles.readOnly;
  const cases: readonly {
    readonly from: string;
    readonly arrange: (db: Db, home: Home) => Promise<unknown>;
    readonly observed: Observation;
  }[] = [
    { from: 'nothing', arrange: async () => undefined, observed: 'absent' },
    { from: 'one of the two', arrange: change((home) => ({ dropRole: readWrite(home) })), observed: 'partial' },
    {
      from: 'no privileges',
      arrange: change((home) => ({ updateRole: readWrite(home), privileges: [] })),
      observed: 'wrong',
    },
    {
      from: 'an extra action',
      arrange: change((home) => ({
        grantPrivilegesToRole: readOnly(home),
        privileges: [{ resource: orders(home), actions: ['insert'] }],
      })),
      observed: 'wrong',
    },
    {
      from: 'a missing action',
      arrange: change((home) => ({
        revokePrivilegesFromRole: readWrite(home),
        privileges: [{ resource: orders(home), actions: ['remove'] }],
      })),
      observed: 'wrong',
    },
    {
      from: 'the whole database',
      arrange: change((home) => ({
        grantPrivilegesToRole: readWrite(home),
        privileges: [{ resource: { ...orders(home), collection: '' }, actions: ['find'] }],
      })),
      observed: 'wrong',
    },
    {
      from: 'an inherited role',
      arrange: change((home) => ({
        grantRolesToRole: readWrite(home),
        roles: [{ role: 'dbAdmin', db: home.layout.roles.database }],
      })),
      observed: 'wrong',
    },
    {
      from: 'a restriction to an address',
      arrange: change((home) => ({
        updateRole: readWrite(home),
        authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }],
      })),
      observed: 'wrong',
    },
    { from: 'both', arrange: (_db, home) => createRoles.ensure(home), observed: 'present' },
  ];
  for (const { mode, from, arrange, observed } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = await claimed(mode);
      await arrange(cell.root.db(home.layout.roles.database), home);
      assert.equal(await createRoles.observe(home), observed);
      await createRoles.ensure(home);
      assert.deepEqual(await readRoles(home), rolesFor(home));
      assert.equal(await createRoles.observe(home), 'present');
    });
  }

  for (const mode of modes) {
    test(`after a collection was added to the spec, in mode ${mode}`, async () => {
      const home = await claimed(mode, specWith([{ name: 'orders' }, { name: 'events' }], mode));
      await createRoles.ensure(home);
      const grown = changing(home, {
        spec: specWith([{ name: 'orders' }, { name: 'events' }, { name: 'carts' }], mode),
      });
      assert.equal(await createRoles.observe(grown), 'wrong');
      await createRoles.ensure(grown);
      assert.deepEqual(await readRoles(grown), rolesFor(grown));
    });
  }

  test('other roles are not changed, and no role is written if both are as declared', async () => {
    const home = await claimed();
    await cell.database(home).command({ createRole: 'theirs', privileges: [], roles: [] });
    await createRoles.ensure(home);
    assert.equal((await readRoles(home)).length, 3);
    cell.sent.length = 0;
    await createRoles.ensure(home);
    assert.deepEqual(
      cell.sent.map(({ commandName }) => commandName),
      ['find', 'rolesInfo', 'update'],
    );
  });
});

describe('undo drops the two roles', () => {
  const cases: readonly { readonly from: string; readonly arrange?: (db: Db, home: Home) => Promise<unknown> }[] = [
    { from: 'nothing' },
    {
      from: 'one of the two',
      arrange: (db, home) => db.command({ createRole: home.layout.roles.readOnly, privileges: [], roles: [] }),
    },
    { from: 'both', arrange: (_db, home) => createRoles.ensure(home) },
  ];
  for (const { mode, from, arrange } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = await claimed(mode);
      const db = cell.root.db(home.layout.roles.database);
      const theirs = `theirs_${home.uid}`;
      await db.command({ createRole: theirs, privileges: [], roles: [] });
      await arrange?.(db, home);
      await createRoles.undo(home);
      await createRoles.undo(home);
      assert.deepEqual(
        (await readRoles(home)).map(({ role }) => role),
        [theirs],
      );
    });
  }
});
