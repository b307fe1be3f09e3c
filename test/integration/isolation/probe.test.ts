import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import { collectionNameSchema } from '../../../contracts/identifiers.ts';
import type { IsolationMode } from '../../../contracts/lifecycle.ts';
import { beyondBoundary, nobody, withinBoundary } from '../../../engines/isolation/probe/boundary-attempts.ts';
import { attemptsOn } from '../../../engines/isolation/probe/neighbours.ts';
import type { Neighbour } from '../../../engines/isolation/probe/neighbours.ts';
import { differenceOf } from '../../../engines/isolation/parts/privileges.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, modes, openCell, specWith, steps } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(async () => {
  await cell.root.db('admin').command({ dropRole: clusterRole });
  await cell.close();
});
const probe = steps['probe-isolation'];
const clusterRole = 'probe_test_killop';

let neighbours: readonly Home[];
before(async () => {
  neighbours = await Promise.all((['dedicated', 'schema'] as const).map((mode) => prepared(mode)));
  await cell.root.db('admin').command({
    createRole: clusterRole,
    privileges: [{ resource: { cluster: true }, actions: ['killop'] }],
    roles: [],
  });
});

async function prepared(mode: IsolationMode): Promise<Home> {
  const home = cell.home({ mode });
  await ensureBefore('probe-isolation', home);
  await cell.collection(home, 'events').insertOne({ kind: 'test' });
  return home;
}

/** Everything that a probe could have left behind, in the tenants' homes and elsewhere. */
async function everythingNear(home: Home): Promise<Document> {
  const { databases } = await cell.root.db('admin').command({ listDatabases: 1, nameOnly: true });
  const admin = cell.root.db('admin');
  return {
    own: await cell.snapshot(home),
    neighbours: await Promise.all(neighbours.map((neighbour) => cell.snapshot(neighbour))),
    strayDatabases: (databases as Document[])
      .map(({ name }) => name as string)
      .filter((name) => name.includes('probe') || name === 'tenant_00000000000000000000000000'),
    strayUsers: await admin.collection('system.users').find({ user: nobody }).toArray(),
    strayRoles: await admin.collection('system.roles').find({ role: nobody }).toArray(),
    strayCollections: (await cell.root.db('tenure_pool').listCollections({}, { nameOnly: true }).toArray()).filter(
      ({ name }) => name.includes('probe'),
    ),
    planeCollections: (await cell.root.db('tenure_cell').listCollections().toArray()).map(({ name }) => name),
  };
}

/** A collection of each neighbour of this file, as a target of attempts. */
function theirCollections(): Neighbour[] {
  return neighbours.map((neighbour) => {
    const [{ database, name }] = neighbour.layout.namespaces as [Home['layout']['namespaces'][number]];
    return { what: `the collection of a neighbour in ${database}`, database, name };
  });
}

for (const mode of modes) {
  describe(`in mode ${mode}`, () => {
    test('a correct home passes repeatedly, and nothing is left behind', async () => {
      const home = await prepared(mode);
      const before_ = await everythingNear(home);
      const [, attempts] =
        /^(\d+) attempts beyond the boundary refused by mongod$/.exec(await probe.ensure(home)) ?? [];
      const byName =
        beyondBoundary(home).length + theirCollections().flatMap((theirs) => attemptsOn(home, theirs)).length;
      // One more for each neighbour that has a collection, which the probe also tries by its UUID.
      assert.ok(
        Number(attempts) >= byName && Number(attempts) <= byName + neighbours.length,
        `${attempts}, ${byName} without UUIDs`,
      );
      await probe.ensure(home);
      assert.equal(await probe.undo(home), 'a probe has nothing to undo');
      assert.deepEqual(await everythingNear(home), before_);
    });

    test('the probe tries no name that a manifest can declare', async () => {
      const home = cell.home({
        mode,
        spec: specWith(
          ['tenure_probe', 'probe', 'claims'].map((name) => ({ name })),
          mode,
        ),
      });
      await ensureBefore('probe-isolation', home);
      await probe.ensure(home);
      assert.equal(collectionNameSchema.safeParse(nobody).success, false);
    });

    describe('the error names every difference from the boundary', () => {
      const own = ({ layout }: Home) => layout.namespaces[0]!;
      const grant = ({ layout }: Home, resource: Document, actions: string[]): [string, Document] => [
        layout.roles.database,
        { grantPrivilegesToRole: layout.roles.readWrite, privileges: [{ resource, actions }] },
      ];
      const user = ({ layout }: Home, command: (user: string) => Document): [string, Document] => [
        layout.database,
        command(layout.user),
      ];
      const cases: readonly {
        readonly flaw: string;
        readonly arrange: (home: Home) => readonly [string, Document];
        readonly named: (home: Home) => string;
      }[] = [
        {
          flaw: 'an extra action',
          arrange: (home) => grant(home, { db: own(home).database, collection: own(home).name }, ['dropCollection']),
          named: (home) => `mongod also allows dropCollection on ${own(home).database}.${own(home).name}`,
        },
        {
          flaw: 'an extra collection',
          arrange: (home) => grant(home, { db: own(home).database, collection: 'other' }, ['find']),
          named: (home) => `mongod also allows find on ${own(home).database}.other`,
        },
        {
          flaw: 'the whole database',
          arrange: (home) => grant(home, { db: own(home).database, collection: '' }, ['insert', 'find']),
          named: (home) =>
            `mongod also allows find on {"db":"${own(home).database}","collection":""}, insert on {"db":"${own(home).database}","collection":""}`,
        },
        {
          flaw: 'a neighbour’s role',
          arrange: (home) =>
            user(home, (name) => ({
              grantRolesToUser: name,
              roles: [{ role: neighbours[1]!.layout.roles.readOnly, db: neighbours[1]!.layout.roles.database }],
            })),
          named: () => 'mongod also allows changeStream on tenure_pool.',
        },
        {
          flaw: 'a neighbour’s database',
          arrange: (home) =>
            user(home, (name) => ({
              grantRolesToUser: name,
              roles: [{ role: 'read', db: neighbours[0]!.layout.database }],
            })),
          named: () => `mongod also allows changeStream on ${neighbours[0]!.layout.database}.system.js`,
        },
        {
          flaw: 'a right on the whole cluster',
          arrange: (home) =>
            user(home, (name) => ({ grantRolesToUser: name, roles: [{ role: clusterRole, db: 'admin' }] })),
          named: () => 'mongod also allows killop on {"cluster":true}',
        },
        {
          flaw: 'a missing action',
          arrange: (home) => [
            home.layout.roles.database,
            {
              revokePrivilegesFromRole: home.layout.roles.readWrite,
              privileges: [{ resource: { db: own(home).database, collection: own(home).name }, actions: ['remove'] }],
            },
          ],
          named: (home) => `mongod does not allow remove on ${own(home).database}.${own(home).name}`,
        },
        {
          flaw: 'the read-only role',
          arrange: (home) =>
            user(home, (name) => ({
              updateUser: name,
              roles: [{ role: home.layout.roles.readOnly, db: home.layout.roles.database }],
            })),
          named: () => 'mongod does not allow insert on',
        },
        {
          flaw: 'another password',
          arrange: (home) =>
            user(home, (name) => ({ updateUser: name, pwd: 'another', mechanisms: ['SCRAM-SHA-256'] })),
          named: () => 'it cannot log in to its database with its credential',
        },
        {
          flaw: 'a missing user',
          arrange: (home) => user(home, (name) => ({ dropUser: name })),
          named: () => 'it cannot log in to its database with its credential',
        },
        {
          flaw: 'a user restricted to another address',
          arrange: (home) =>
            user(home, (name) => ({
              updateUser: name,
              authenticationRestrictions: [{ clientSource: ['10.0.0.0/8'] }],
            })),
          named: () => 'it cannot log in to its database with its credential',
        },
      ];
      for (const { flaw, arrange, named } of cases) {
        test(flaw, async () => {
          const home = await prepared(mode);
          const [database, command] = arrange(home);
          await cell.root.db(database).command(command);
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

    describe('mongod decides each attempt', () => {
      test('attempts within the boundary are allowed', async () => {
        const home = await prepared(mode);
        const tenant = await cell.asTenant(home);
        for (const { database, command } of withinBoundary(home))
          assert.equal((await tenant.db(database).command(command))['ok'], 1);
      });

      test('attempts beyond the boundary are refused to the tenant, and allowed to root without effect', async () => {
        const home = await prepared(mode);
        const tenant = await cell.asTenant(home);
        const before_ = await everythingNear(home);
        for (const { what, database, command, stoppedBy } of [
          ...beyondBoundary(home),
          ...theirCollections().flatMap((theirs) => attemptsOn(home, theirs)),
        ]) {
          await assert.rejects(tenant.db(database).command(command), { code: 13 }, what);
          const answer = await cell.root
            .db(database)
            .command(command)
            .then(
              (reply) => (reply['writeErrors'] as { code: number }[] | undefined)?.[0]?.code,
              (error: { code: number }) => error.code,
            );
          assert.equal(answer, stoppedBy, what);
        }
        assert.deepEqual(await everythingNear(home), before_);
      });
    });
  });
}

test('a long list of different rights is shortened', () => {
  const [resource, actions] = [{ db: 'x', collection: 'y' }, ['a', 'b', 'c', 'd', 'e', 'f', 'g']];
  assert.equal(
    differenceOf([{ resource, actions }], []),
    'mongod also allows a on x.y, b on x.y, c on x.y, d on x.y, e on x.y and 2 more',
  );
  assert.equal(differenceOf([{ resource, actions }], [{ resource, actions: actions.toReversed() }]), undefined);
  assert.equal(
    differenceOf(
      [{ resource: { cluster: true }, actions: ['a'] }],
      [{ resource: { anyResource: true }, actions: ['a'] }],
    ),
    'mongod also allows a on {"cluster":true}; mongod does not allow a on {"anyResource":true}',
  );
});
