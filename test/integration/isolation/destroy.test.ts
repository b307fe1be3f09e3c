import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { homeFormIn } from '../../../domain/isolation.ts';
import { destroyData, destroyRoles, destroyUser, releaseClaim } from '../../../engines/isolation/parts/destroy.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { changing, ensureBefore, modes, newId, openCell, purge, purgeNames } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

for (const mode of modes) {
  describe(`in mode ${mode}`, () => {
    async function homeWithData(): Promise<Home> {
      const home = cell.home({ mode });
      await ensureBefore('probe-isolation', home);
      await cell.collection(home, 'orders').insertOne({ sku: 'a' });
      return changing(home, { form: homeFormIn('Deleted') });
    }
    async function purged(home: Home): Promise<void> {
      for (const name of purgeNames) await purge[name].ensure(home);
    }

    /** Checks that nothing is destroyed again after the claim was released. */
    async function endedOnce(home: Home): Promise<void> {
      await assert.rejects(destroyUser.ensure(home), { code: 'owned_by_another' });
      for (const name of purgeNames.slice(1))
        assert.equal(await purge[name].ensure(home), 'nothing is left of this home');
    }

    test('a purge that was interrupted after any step leaves nothing when it is resumed', async () => {
      for (let stoppedAfter = 0; stoppedAfter <= purgeNames.length; stoppedAfter += 1) {
        const home = await homeWithData();
        for (const name of purgeNames.slice(0, stoppedAfter)) await purge[name].ensure(home);
        // A resumed purge starts at the first step that is not committed.
        for (const name of purgeNames.slice(Math.max(0, stoppedAfter - 1))) await purge[name].ensure(home);
        await endedOnce(home);
        assert.deepEqual(await cell.snapshot(home), emptySnapshot(home));
        for (const name of purgeNames.slice(1)) assert.equal(await purge[name].observe(home), 'present');
      }
    });

    test('a purge leaves nothing of an incomplete home: without its user, a role, or collections', async () => {
      for (const spoil of [
        (home: Home) => cell.database(home).command({ dropUser: home.layout.user }),
        (home: Home) => cell.root.db(home.layout.roles.database).command({ dropRole: home.layout.roles.readWrite }),
        (home: Home) => cell.collection(home, 'orders').drop(),
        async (home: Home) => {
          for (const { declared } of home.layout.namespaces) await cell.collection(home, declared.name).drop();
        },
      ]) {
        const home = await homeWithData();
        await spoil(home);
        await purged(home);
        assert.deepEqual(await cell.snapshot(home), emptySnapshot(home));
      }
    });

    test('each step returns what it did', async () => {
      const home = await homeWithData();
      assert.equal(await destroyUser.ensure(home), `dropped user ${home.layout.user}; ended 0 operations`);
      assert.equal(await destroyRoles.ensure(home), 'dropped 2 roles');
      assert.equal(await destroyData.ensure(home), 'dropped 2 collections, 0 of them not declared');
      assert.equal(await releaseClaim.ensure(home), `released the claim on ${home.layout.claim}`);
      await endedOnce(home);
    });

    test('releasing the claim also destroys what was written after the data was destroyed', async () => {
      const home = await homeWithData();
      await destroyData.ensure(home);
      await cell.collection(home, 'events').insertOne({ late: true });
      await releaseClaim.ensure(home);
      assert.deepEqual(await cell.snapshot(home), emptySnapshot(home));
    });

    for (const [when, spoil] of [
      ['there is no claim', (home: Home) => cell.removeClaim(home)],
      [
        'another installation has the claim',
        async (home: Home) => {
          await cell.removeClaim(home);
          await cell.insertClaim(home, { installation: 'elsewhere' });
        },
      ],
      [
        'the claim is for another tenant',
        async (home: Home) => {
          await cell.removeClaim(home);
          await cell.insertClaim(home, { tenant: newId() });
        },
      ],
    ] as const) {
      for (const name of purgeNames) {
        test(`${name}: refuses if ${when}, and changes nothing`, async () => {
          const home = await homeWithData();
          await spoil(home);
          const before = await cell.snapshot(home);
          await assert.rejects(purge[name].ensure(home), { code: 'owned_by_another' });
          assert.deepEqual(await cell.snapshot(home), before);
        });
      }
    }

    test('a user with the tenant’s user name that another installation created is refused', async () => {
      const home = await homeWithData();
      await cell
        .database(home)
        .command({ updateUser: home.layout.user, customData: { installation: 'elsewhere', tenant: home.uid } });
      for (const name of ['destroyUser', 'destroyData', 'releaseClaim'] as const)
        await assert.rejects(purge[name].ensure(home), { code: 'owned_by_another' });
      assert.equal((await cell.database(home).command({ usersInfo: home.layout.user }))['users'].length, 1);
    });

    test('undo restores nothing, and says so', async () => {
      const home = await homeWithData();
      await destroyData.ensure(home);
      for (const name of purgeNames)
        assert.equal(await purge[name].undo(home), 'what was destroyed cannot be restored');
    });

    test('neighbours in every mode keep everything', async () => {
      const neighbours = await Promise.all(
        modes.map(async (theirs) => {
          const home = cell.home({ mode: theirs });
          await ensureBefore('probe-isolation', home);
          return home;
        }),
      );
      const before = await Promise.all(neighbours.map((home) => cell.snapshot(home)));
      await purged(await homeWithData());
      assert.deepEqual(await Promise.all(neighbours.map((home) => cell.snapshot(home))), before);
    });
  });
}

test('in the tenant’s own database everything is destroyed, also what the plane did not create', async () => {
  const home = cell.home();
  await ensureBefore('probe-isolation', home);
  const db = cell.database(home);
  await db.createCollection('theirs');
  await db.createCollection('seen', { viewOn: 'orders', pipeline: [] });
  await db.createCollection('series', { timeseries: { timeField: 'at' } });
  await db.command({ createUser: 'theirs', pwd: 'x', roles: ['readWrite'] });
  await db.command({ createRole: 'theirs', privileges: [], roles: [] });
  assert.equal(await destroyData.ensure(home), 'dropped 7 collections, 5 of them not declared, 2 users, 3 roles');
  await releaseClaim.ensure(home);
  assert.deepEqual(await cell.snapshot(home), emptySnapshot(home));
});

/** What {@link CellFixture.snapshot} returns for an empty home. */
function emptySnapshot({ layout }: Home): unknown {
  const places = [
    ...(layout.ownDatabase === undefined ? [] : [layout.ownDatabase]),
    ...[layout.roles.database, ...(layout.usesPool ? ['tenure_pool'] : [])].filter(
      (name) => name !== layout.ownDatabase,
    ),
  ];
  return {
    ...Object.fromEntries(
      places.map((name) => [name, { collections: [], indexes: {}, documents: {}, users: [], roles: [] }]),
    ),
    claim: {},
  };
}
