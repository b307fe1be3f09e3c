import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { LifecycleState } from '../../../contracts/lifecycle.ts';
import { homeFormIn } from '../../../domain/isolation.ts';
import type { Home, HomeState } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { until } from '../../harness/until.ts';
import {
  active,
  changing,
  ensureBefore,
  modes,
  newId,
  openCell,
  partNames,
  parts,
  specWith,
  twoCollections,
} from './cell-fixture.ts';
import type { PartName } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const states: readonly LifecycleState[] = ['Active', 'Suspended', 'Archived'];
const config = { theme: 'light' };
const [orders] = twoCollections as [(typeof twoCollections)[number]];
/** `orders` with another validator and other indexes, no `events`, and a new collection `carts`. */
const otherCollections = [
  { ...orders, jsonSchema: { required: ['name'] }, indexes: [{ keys: [{ field: 'name', order: 1 as const }] }] },
  { name: 'carts', indexes: [{ keys: [{ field: 'at', order: 1 as const }], expireAfterSeconds: 60 }] },
];

const spoiledClaims: Readonly<Record<string, (home: Home) => Promise<unknown>>> = {
  'there is no claim': (home) => cell.removeClaim(home),
  'another installation has the claim': async (home) => {
    await cell.removeClaim(home);
    await cell.insertClaim(home, { installation: 'elsewhere' });
  },
  'the claim is for another tenant': async (home) => {
    await cell.removeClaim(home);
    await cell.insertClaim(home, { tenant: newId() });
  },
};

for (const mode of modes) {
  describe(`in mode ${mode}`, () => {
    const grown = specWith([...twoCollections, ...otherCollections.slice(1)], mode);
    const changed = specWith(otherCollections, mode);
    const homeThat = async (state: Partial<HomeState> = {}): Promise<Home> => {
      const home = cell.home({ mode, ...active, ...state });
      await ensureBefore('create-collections', home);
      for (const name of partNames) await parts[name].ensure(home);
      await cell.collection(home, 'orders').insertOne({ sku: 'a', name: 'b' });
      return home;
    };
    /** The names of the indexes in mongod, without `_id_`, which always exists. */
    const indexesOf = async (home: Home, collection: string): Promise<string[]> =>
      (await cell.collection(home, collection).indexes())
        .map(({ name }) => name ?? '')
        .filter((name) => name !== '_id_');
    const observed = async (home: Home): Promise<unknown> =>
      Object.fromEntries(await Promise.all(partNames.map(async (name) => [name, await parts[name].observe(home)])));
    const allPresent = { 'home-collections': 'present', 'home-roles': 'present', 'home-user': 'present' };

    for (const from of states) {
      for (const to of states) {
        test(`from ${from} to ${to}; undo leaves nothing of the change`, async () => {
          const home = await homeThat({ form: homeFormIn(from) });
          const before = await cell.snapshot(home);
          const operation = changing(home, { form: homeFormIn(to), config });
          for (const name of partNames) await parts[name].ensure(operation);
          assert.deepEqual(await observed(operation), allPresent);
          for (const name of partNames.toReversed()) await parts[name].undo(operation);
          for (const name of partNames.toReversed()) await parts[name].undo(operation);
          assert.deepEqual(await observed(home), allPresent);
          if (from === to) assert.deepEqual(withoutIds(await cell.snapshot(home)), withoutIds(before));
          assert.equal(await cell.collection(home, 'orders').countDocuments(), 1);
        });
      }
    }

    test('the archived form drops exactly the declared indexes; the active form restores them', async () => {
      const home = await homeThat();
      await cell.collection(home, 'orders').createIndex({ hand: 1 });
      const archived = changing(home, { form: homeFormIn('Archived') });
      assert.equal(await parts['home-collections'].observe(archived), 'wrong');
      assert.match(await parts['home-collections'].ensure(archived), /^2 collections, 0 indexes$/);
      assert.deepEqual([await indexesOf(home, 'orders'), await indexesOf(home, 'events')], [['hand_1'], []]);
      assert.equal(await cell.collection(home, 'orders').countDocuments(), 1);
      await parts['home-collections'].ensure(changing(archived, { form: homeFormIn('Active') }));
      assert.deepEqual(
        [(await indexesOf(home, 'orders')).toSorted(), await indexesOf(home, 'events')],
        [['hand_1', 'sku_1'], ['at_-1_kind_1']],
      );
    });

    test('only indexes that are no longer declared are dropped, no collections and no indexes of others', async () => {
      const home = await homeThat();
      await cell.collection(home, 'orders').createIndex({ hand: 1 });
      const operation = changing(home, { spec: changed });
      assert.equal(await parts['home-collections'].observe(operation), 'wrong');
      await parts['home-collections'].ensure(operation);
      assert.deepEqual((await indexesOf(operation, 'orders')).toSorted(), ['hand_1', 'name_1']);
      assert.deepEqual(await indexesOf(operation, 'carts'), ['at_1']);
      assert.deepEqual(await indexesOf(home, 'events'), ['at_-1_kind_1']);
    });

    test('undo restores the previous spec, and drops added collections that are empty', async () => {
      const home = await homeThat();
      const before = await cell.snapshot(home);
      const operation = changing(home, { spec: changed, config });
      for (const name of partNames) await parts[name].ensure(operation);
      for (const name of partNames.toReversed()) await parts[name].undo(operation);
      assert.deepEqual(withoutIds(await cell.snapshot(home)), withoutIds(before));
    });

    test('undo leaves out an index that the documents no longer allow, says so, and restores the rest', async () => {
      const both = {
        ...orders,
        indexes: [...(orders.indexes ?? []), { keys: [{ field: 'name', order: 1 as const }] }],
      };
      const home = await homeThat({ spec: specWith([both, ...twoCollections.slice(1)], mode) });
      // What a reconcile finds after somebody dropped a unique index and the tenant continued to write.
      await cell.collection(home, 'orders').dropIndexes();
      await cell.collection(home, 'orders').insertMany([{ sku: 'alice@example.com' }, { sku: 'alice@example.com' }]);
      const operation = changing(home, {});
      await assert.rejects(parts['home-collections'].ensure(operation), { code: 'schema_rejected' });
      const result = await parts['home-collections'].undo(operation);
      assert.match(
        result,
        /^2 collections, 2 indexes; .*; left out index orders\/sku_1: collection "orders": its documents do not allow index sku_1 \(DuplicateKey 11000\)$/,
      );
      assert.equal(await parts['home-collections'].undo(operation), result);
      assert.deepEqual(
        [await indexesOf(home, 'orders'), await indexesOf(home, 'events')],
        [['name_1'], ['at_-1_kind_1']],
      );
      assert.equal(await parts['home-collections'].observe(home), 'partial', 'the missing index is reported as drift');
      assert.equal(await cell.collection(home, 'orders').countDocuments(), 3);
    });

    test('undo keeps an added collection that contains documents, as it was declared', async () => {
      const home = await homeThat();
      const operation = changing(home, { spec: grown });
      for (const name of partNames) await parts[name].ensure(operation);
      await cell.collection(operation, 'carts').insertOne({ at: new Date() });
      assert.match(await parts['home-collections'].undo(operation), /kept carts/);
      await parts['home-collections'].undo(operation);
      assert.deepEqual(await indexesOf(operation, 'carts'), ['at_1']);
      await cell.collection(operation, 'carts').insertOne({ taken: 'as before' });
    });

    test('undo waits for an open transaction and keeps what it commits', async () => {
      const home = await homeThat();
      const operation = changing(home, { spec: grown });
      for (const name of partNames) await parts[name].ensure(operation);
      const carts = cell.collection(operation, 'carts');
      await cell.root.withSession(async (session) => {
        session.startTransaction();
        await carts.insertOne({ at: new Date() }, { session });
        const undone = parts['home-collections'].undo(operation);
        try {
          await until('the undo waits for the lock that the transaction holds', () =>
            waitsForLock({ 'command.collMod': carts.collectionName }),
          );
        } finally {
          await session.commitTransaction();
        }
        assert.match(await undone, /kept carts/);
      });
      assert.equal(await carts.countDocuments(), 1);
    });

    test('a change ends an open transaction of the tenant only after it has waited for it long enough', async () => {
      const home = await homeThat();
      const tenant = await cell.asTenant(home);
      const { dbName, collectionName } = cell.collection(home, 'orders');
      await tenant.withSession(async (session) => {
        session.startTransaction();
        const read = () => tenant.db(dbName).collection(collectionName).findOne({}, { session });
        await read();
        const operation = changing(home, { spec: changed });
        await assert.rejects(parts['home-collections'].ensure({ ...operation, lease: { remainingMs: () => 1_000 } }), {
          code: 'cell_unavailable',
        });
        await read();
        await parts['home-collections'].ensure({ ...operation, impatient: true });
        assert.equal(await parts['home-collections'].observe(operation), 'present');
        await assert.rejects(read());
      });
    });

    test('the configuration is stored in the user, where the tenant reads it with its own credential', async () => {
      const home = await homeThat();
      const operation = changing(home, {
        config: { theme: 'light', nested: { list: [1, 2.5, 'x', null, true], at: { deeper: {} } } },
      });
      assert.equal(await parts['home-user'].observe(operation), 'wrong');
      await parts['home-user'].ensure(operation);
      const tenant = await cell.asTenant(home);
      const { users } = await tenant.db(home.layout.database).command({ usersInfo: home.layout.user });
      assert.deepEqual(users[0].customData.config, operation.config);
    });

    test('a missing user of a suspended tenant is created again, without a role', async () => {
      const home = await homeThat({ form: homeFormIn('Suspended') });
      await cell.database(home).command({ dropUser: home.layout.user });
      assert.equal(await parts['home-user'].observe(home), 'absent');
      await parts['home-user'].ensure(home);
      assert.equal(await parts['home-user'].observe(home), 'present');
      const { authInfo } = await (
        await cell.asTenant(home)
      )
        .db(home.layout.database)
        .command({ connectionStatus: 1, showPrivileges: true });
      assert.deepEqual(authInfo.authenticatedUserPrivileges, []);
    });

    for (const name of partNames) {
      test(`${name}: the undo of an operation that changes nothing changes nothing`, async () => {
        const home = await homeThat();
        const before = await cell.snapshot(home);
        await parts[name].undo(changing(home, {}));
        assert.deepEqual(await cell.snapshot(home), before);
      });

      for (const [when, spoil] of Object.entries(spoiledClaims)) {
        test(`${name}: refuses if ${when}, and undo changes nothing`, async () => {
          const home = await homeThat();
          await spoil(home);
          const before = await cell.snapshot(home);
          const operation = changing(home, { spec: changed, form: homeFormIn('Archived') });
          await assert.rejects(parts[name].ensure(operation), { code: 'owned_by_another' });
          assert.match(await parts[name].undo(operation), /^left unchanged: /);
          assert.deepEqual(await cell.snapshot(home), before);
        });
      }
    }
  });
}

/** Whether a matching command waits for a lock. Its `ns` names only the database. */
async function waitsForLock(command: Document): Promise<boolean> {
  const operations = cell.root
    .db('admin')
    .aggregate([{ $currentOp: { allUsers: true } }, { $match: { waitingForLock: true, ...command } }]);
  return (await operations.toArray()).length > 0;
}

/** Without generated ids, which differ in what was created again. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'uuid' && key !== 'userId')
      .map(([key, inner]) => [key, withoutIds(inner)]),
  );
}

test('undo fails if the state before the operation is unknown', async () => {
  const home = cell.home();
  for (const name of partNames satisfies readonly PartName[])
    await assert.rejects(parts[name].undo(home), { code: 'internal' });
});
