import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { createCollections, homeCollections } from '../../../engines/isolation/parts/collections.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import type { Observation } from '../../../engines/isolation/home-step.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { changing, inEveryMode, modes, newId, openCell, specWith } from './cell-fixture.ts';
import type { HomeAsDeclared } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

const validator = { $jsonSchema: { bsonType: 'object', required: ['sku'] } };

/** mongod's defaults. */
const strict = { validationLevel: 'strict', validationAction: 'error' };

/** The collections with their options and indexes, as mongod reports them. */
async function whatStandsThere(db: HomeAsDeclared): Promise<unknown> {
  const infos = await db.listCollections();
  const found: Record<string, unknown> = {};
  for (const { name, options } of infos) {
    const indexes = await db.collection(name).listIndexes().toArray();
    found[name] = {
      validator: {},
      ...strict,
      ...options,
      indexes: Object.fromEntries(indexes.map(({ v: _v, name: index, ...definition }) => [index, definition])),
    };
  }
  return found;
}

const idIndex = { _id_: { key: { _id: 1 } } };
const asDeclared = {
  orders: { validator, ...strict, indexes: { ...idIndex, sku_1: { key: { sku: 1 }, unique: true } } },
  events: { validator: {}, ...strict, indexes: { ...idIndex, 'at_-1_kind_1': { key: { at: -1, kind: 1 } } } },
};

async function withOrders(db: HomeAsDeclared, options: object = { validator }): Promise<void> {
  await db.createCollection('orders', options);
}

describe('after ensure, the collections are as declared', () => {
  const cases: readonly {
    readonly from: string;
    readonly arrange: (db: HomeAsDeclared, home: Home) => Promise<unknown>;
    readonly observed: Observation;
  }[] = [
    { from: 'nothing', arrange: async () => undefined, observed: 'absent' },
    { from: 'one of the two collections', arrange: (db) => withOrders(db), observed: 'partial' },
    { from: 'a collection without its validator', arrange: (db) => withOrders(db, {}), observed: 'wrong' },
    {
      from: 'another validator',
      arrange: (db) => withOrders(db, { validator: { $jsonSchema: { required: ['name'] } } }),
      observed: 'wrong',
    },
    {
      from: 'a validator with values that JSON does not have',
      arrange: (db) => withOrders(db, { validator: { sku: { $in: [/a/, new Date(), Number.NaN] } } }),
      observed: 'wrong',
    },
    {
      from: 'a validator where none is declared',
      arrange: (db) => db.createCollection('events', { validator }),
      observed: 'wrong',
    },
    {
      from: 'validation level moderate',
      arrange: (db) => withOrders(db, { validator, validationLevel: 'moderate' }),
      observed: 'wrong',
    },
    {
      from: 'validation action warn',
      arrange: (db) => withOrders(db, { validator, validationAction: 'warn' }),
      observed: 'wrong',
    },
    {
      from: 'a missing index',
      arrange: async (db, home) => {
        await createCollections.ensure(home);
        await db.collection('orders').dropIndex('sku_1');
      },
      observed: 'partial',
    },
    ...[
      { other: 'keys', index: { key: { name: 1 }, unique: true } },
      { other: 'direction', index: { key: { sku: -1 }, unique: true } },
      { other: 'uniqueness', index: { key: { sku: 1 } } },
      { other: 'sparseness', index: { key: { sku: 1 }, unique: true, sparse: true } },
      { other: 'time to live', index: { key: { sku: 1 }, unique: true, expireAfterSeconds: 60 } },
      { other: 'collation', index: { key: { sku: 1 }, unique: true, collation: { locale: 'de' } } },
      { other: 'filter', index: { key: { sku: 1 }, unique: true, partialFilterExpression: { sku: 'x' } } },
      { other: 'visibility', index: { key: { sku: 1 }, unique: true, hidden: true } },
    ].map(({ other, index }) => ({
      from: `an index with the same name and different ${other}`,
      arrange: async (db: HomeAsDeclared) => {
        await withOrders(db);
        await db.command({ createIndexes: 'orders', indexes: [{ name: 'sku_1', ...index }] });
      },
      observed: 'wrong' as const,
    })),
    { from: 'everything as declared', arrange: (_db, home) => createCollections.ensure(home), observed: 'present' },
  ];
  for (const mode of modes) {
    test(`ensure sets and changes validation level and action, and undo restores them, in mode ${mode}`, async () => {
      const orders = { name: 'orders', jsonSchema: { required: ['sku'] } };
      const home = cell.home({
        mode,
        spec: specWith([{ ...orders, validationLevel: 'moderate', validationAction: 'warn' }], mode),
      });
      await cell.insertClaim(home);
      await createCollections.ensure(home);
      assert.equal(await createCollections.observe(home), 'present');
      await cell.collection(home, 'orders').insertOne({ old: true });
      const changed = changing(home, { spec: specWith([{ ...orders, validationLevel: 'moderate' }], mode) });
      assert.equal(await homeCollections.observe(changed), 'wrong');
      await homeCollections.ensure(changed);
      await assert.rejects(cell.collection(home, 'orders').insertOne({ old: true }), { code: 121 });
      await cell.collection(home, 'orders').updateOne({ old: true }, { $set: { touched: true } });
      await homeCollections.undo(changed);
      assert.equal(await createCollections.observe(home), 'present');
    });
  }
  for (const { mode, from, arrange, observed } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = cell.home({ mode });
      await cell.insertClaim(home);
      await arrange(cell.inside(home), home);
      assert.equal(await createCollections.observe(home), observed);
      assert.equal(await createCollections.ensure(home), '2 collections, 2 indexes');
      assert.deepEqual(await whatStandsThere(cell.inside(home)), asDeclared);
      assert.equal(await createCollections.observe(home), 'present');
    });
  }

  test('ensure keeps documents, other collections and other indexes', async () => {
    const home = cell.home();
    const db = cell.inside(home);
    await cell.insertClaim(home);
    await withOrders(db, {});
    await db.collection('orders').insertMany([{ sku: 'a', kept: true }, { sku: 'b' }]);
    await db.collection('orders').createIndex({ other: 1 }, { sparse: true });
    await db.collection('orders').createIndex({ kept: 1 }, { name: 'sku_1' });
    await db.createCollection('theirs', { validator: { a: 1 } });
    await createCollections.ensure(home);
    assert.equal(await db.collection('orders').countDocuments({ kept: true }), 1);
    assert.deepEqual(
      (await db.collection('orders').indexes()).map(({ name }) => name),
      ['_id_', 'other_1', 'sku_1'],
    );
    assert.deepEqual(((await whatStandsThere(db)) as Record<string, unknown>)['theirs'], {
      validator: { a: 1 },
      ...strict,
      indexes: idIndex,
    });
  });

  test('a second ensure sends nothing that changes a collection', async () => {
    const home = cell.home();
    await cell.insertClaim(home);
    await createCollections.ensure(home);
    const before = await cell.snapshot(home);
    cell.sent.length = 0;
    await createCollections.ensure(home);
    assert.deepEqual(await cell.snapshot(home), before);
    const reading = ['find', 'listCollections', 'listIndexes', 'update'];
    assert.deepEqual(
      cell.sent.map(({ commandName }) => commandName).filter((name) => !reading.includes(name)),
      [],
    );
  });
});

describe('ensure refuses what belongs to another and leaves it unchanged', () => {
  const cases: readonly {
    readonly from: string;
    readonly arrange: (db: HomeAsDeclared, home: Home) => Promise<unknown>;
    readonly message: RegExp;
  }[] = [
    {
      from: 'a view with the name of a declared collection',
      arrange: (db) => db.createCollection('events', { viewOn: 'x', pipeline: [] }),
      message: /events.*" exists as a view/,
    },
    {
      from: 'a capped collection',
      arrange: (db) => db.createCollection('events', { capped: true, size: 4096 }),
      message: /events.*" exists as a collection with capped, size/,
    },
    {
      from: 'a time series collection',
      arrange: (db) => db.createCollection('events', { timeseries: { timeField: 'at' } }),
      message: /events.*" exists as a timeseries/,
    },
    {
      from: 'a collection with a collation',
      arrange: (db) => db.createCollection('events', { collation: { locale: 'de' } }),
      message: /events.*" exists as a collection with collation/,
    },
    {
      from: 'a clustered collection',
      arrange: (db) => db.createCollection('events', { clusteredIndex: { key: { _id: 1 }, unique: true } }),
      message: /with clusteredIndex/,
    },
  ];
  for (const { mode, from, arrange, message } of inEveryMode(cases)) {
    test(`${from} in mode ${mode}`, async () => {
      const home = cell.home({ mode });
      await cell.insertClaim(home);
      await arrange(cell.inside(home), home);
      const before = await cell.snapshot(home);
      await assert.rejects(createCollections.observe(home), { code: 'owned_by_another', message });
      await assert.rejects(createCollections.ensure(home), { code: 'owned_by_another', message });
      await createCollections.undo(home);
      assert.deepEqual(await cell.snapshot(home), before);
    });
  }
});

describe('undo drops what the same operation created', () => {
  const ensured = (home: Home): Promise<unknown> => createCollections.ensure(home);
  const cases: readonly {
    readonly from: string;
    readonly arrange?: (db: HomeAsDeclared, home: Home) => Promise<unknown>;
    readonly left: readonly string[];
  }[] = [
    { from: 'nothing', left: [] },
    { from: 'one of the two collections', arrange: (db) => withOrders(db), left: [] },
    { from: 'everything as declared', arrange: (_, home) => ensured(home), left: [] },
    {
      from: 'everything as declared and a collection that somebody else created',
      arrange: async (db, home) => {
        await ensured(home);
        await db.createCollection('theirs');
      },
      left: ['theirs'],
    },
    {
      from: 'a view in the place of a collection',
      arrange: (db) => db.createCollection('orders', { viewOn: 'x', pipeline: [] }),
      left: ['orders'],
    },
  ];
  for (const { mode, from, arrange, left } of inEveryMode(cases)) {
    test(`from ${from} in mode ${mode}`, async () => {
      const home = cell.home({ mode });
      await cell.insertClaim(home);
      await arrange?.(cell.inside(home), home);
      await createCollections.undo(home);
      await createCollections.undo(home);
      const names = await cell.inside(home).listCollections();
      assert.deepEqual(names.map(({ name }) => name).toSorted(), left);
    });
  }

  for (const [from, claim] of [
    ['a database claimed by another operation', { operationId: newId() }],
    ['a database claimed by another installation', { installation: 'elsewhere' }],
    ['a database without a claim', { _id: newId() }],
  ] as const) {
    test(`undo drops nothing in ${from}`, async () => {
      const home = cell.home();
      await cell.insertClaim(home, claim);
      await withOrders(cell.inside(home));
      const before = await cell.snapshot(home);
      assert.match(await createCollections.undo(home), /this operation did not claim/);
      assert.deepEqual(await cell.snapshot(home), before);
    });
  }
});

test('ensure creates a collection that was added to the spec, and keeps the others', async () => {
  const home = cell.home({ spec: specWith([{ name: 'orders' }]) });
  await cell.insertClaim(home);
  await createCollections.ensure(home);
  const orders = async () => (await cell.inside(home).listCollections()).find(({ name }) => name === 'orders');
  const before = await orders();
  await createCollections.ensure(changing(home, { spec: specWith([{ name: 'orders' }, { name: 'more' }]) }));
  assert.deepEqual(await orders(), before);
  assert.equal((await cell.inside(home).listCollections()).length, 2);
});
