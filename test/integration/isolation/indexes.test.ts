import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import { nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import { createCollections, homeCollections } from '../../../engines/isolation/parts/collections.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { beforeCommand, changing, inEveryMode, openCell, specWith } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

async function homeWith(indexes: readonly IndexSpec[]): Promise<Home> {
  const home = cell.home({ spec: specWith([{ name: 'things', indexes: [...indexes] }]) });
  await cell.insertClaim(home);
  return home;
}

const orderOf = (there: readonly Document[]): Document[] =>
  there.filter(({ name }) => name !== '_id_').toSorted((a, b) => (a['name'] < b['name'] ? -1 : 1));
const up = (field: string): IndexSpec['keys'][number] => ({ field, order: 1 });
const text = (field: string): IndexSpec['keys'][number] => ({ field, order: 'text' });

describe('an index that was created as declared is recognized as such', () => {
  const cases: Readonly<Record<string, IndexSpec>> = {
    'on one field': { keys: [up('a')] },
    compound: { keys: [up('a'), { field: 'b.c', order: -1 }] },
    unique: { keys: [up('a')], unique: true },
    'explicitly not unique': { keys: [up('a')], unique: false, sparse: false },
    sparse: { keys: [up('a')], sparse: true },
    'with a time to live': { keys: [up('a')], expireAfterSeconds: 0 },
    'with a name': { name: 'by_name', keys: [up('a')] },
    hashed: { keys: [{ field: 'a', order: 'hashed' }] },
    'hashed, compound': { keys: [up('a'), { field: 'b', order: 'hashed' }] },
    '2dsphere': { keys: [{ field: 'a', order: '2dsphere' }], sparse: true },
    '2dsphere, compound': { keys: [{ field: 'a', order: '2dsphere' }, up('b'), { field: 'c', order: '2dsphere' }] },
    text: { keys: [text('a')] },
    'text, on several fields': { keys: [text('z'), text('a.b')], sparse: true },
    'text, compound': { keys: [up('p'), text('b'), text('a'), up('s')] },
    'text, with a time to live': { keys: [text('a')], expireAfterSeconds: 60 },
    'on a field whose name is a number': { keys: [up('b'), up('10'), up('9')] },
    partial: {
      keys: [up('a')],
      unique: true,
      partialFilterExpression: { a: { $gt: 5 }, b: { $in: ['x', { $ref: 'c.d', $id: 1 }] } },
    },
    'partial, for every document': { keys: [up('a')], partialFilterExpression: {} },
    'with a collation': { keys: [up('a')], collation: { locale: 'de', strength: 2 } },
    'with a collation that has other defaults': { keys: [up('a')], collation: { locale: 'fr_CA' } },
    'explicitly in binary order': { keys: [up('a')], collation: { locale: 'simple' } },
    hidden: { keys: [up('a')], hidden: true },
    'explicitly not hidden': { keys: [up('a')], hidden: false },
    'on every field': { keys: [up('$**')] },
    'on every field below a field': { keys: [up('a.b.$**')], collation: { locale: 'sv' } },
    'on some fields': { keys: [up('$**')], wildcardProjection: { a: 1, 'b.c': true, _id: 0 } },
    'text on every field': { keys: [text('$**')], weights: { a: 3 } },
    'text with weights and language': {
      keys: [text('a'), text('b')],
      weights: { b: 5 },
      default_language: 'german',
      language_override: 'tongue',
    },
    '2d': { keys: [{ field: 'a', order: '2d' }, up('b')], bits: 20, min: -90, max: 90 },
    'on _id': { keys: [up('_id')] },
    'on _id, with another name': { name: 'other', keys: [up('_id')] },
    'on _id, hashed': { keys: [{ field: '_id', order: 'hashed' }] },
    'on _id and more': { keys: [up('_id'), up('a')] },
  };
  for (const [name, index] of Object.entries(cases)) {
    test(name, async () => {
      const home = await homeWith([index]);
      await createCollections.ensure(home);
      assert.equal(await createCollections.observe(home), 'present');
      cell.sent.length = 0;
      await createCollections.ensure(home);
      assert.deepEqual(
        cell.sent.map(({ commandName }) => commandName).filter((command) => /create|drop|collMod/.test(command)),
        [],
      );
    });
  }
});

test('fields are indexed in the declared order, even if a name is a number', async () => {
  const home = await homeWith([{ keys: [up('b'), up('10'), up('9')] }]);
  await createCollections.ensure(home);
  // Listed by mongod: in a JavaScript object, the numbers would always come first.
  const fields = { $map: { input: { $objectToArray: '$key' }, in: '$$this.k' } };
  const indexes = await cell
    .database(home)
    .collection('things')
    .aggregate([{ $indexStats: {} }, { $match: { name: { $ne: '_id_' } } }, { $project: { fields } }])
    .toArray();
  assert.deepEqual(
    indexes.map((index) => index['fields']),
    [['b', '10', '9']],
  );
});

describe('an index with the declared name that differs is built again', () => {
  const declared: IndexSpec = { name: 'words', keys: [up('p'), text('a'), text('b')] };
  const cases: Readonly<Record<string, Document>> = {
    'fewer text fields': { key: { p: 1, a: 'text' } },
    'more text fields': { key: { p: 1, a: 'text', b: 'text', c: 'text' } },
    'other weights': { key: { p: 1, a: 'text', b: 'text' }, weights: { a: 5, b: 1 } },
    'another language': { key: { p: 1, a: 'text', b: 'text' }, default_language: 'german' },
    'another language field': { key: { p: 1, a: 'text', b: 'text' }, language_override: 'tongue' },
    'without the prefix': { key: { a: 'text', b: 'text' } },
    'no text at all': { key: { p: 1 } },
  };
  for (const [name, there] of Object.entries(cases)) {
    test(name, async () => {
      const home = await homeWith([declared]);
      await cell.database(home).command({ createIndexes: 'things', indexes: [{ name: 'words', ...there }] });
      assert.equal(await createCollections.observe(home), 'wrong');
      await createCollections.ensure(home);
      const [, index] = await cell.database(home).collection('things').listIndexes().toArray();
      assert.deepEqual(index, {
        v: 2,
        name: 'words',
        key: { p: 1, _fts: 'text', _ftsx: 1 },
        weights: { a: 1, b: 1 },
        default_language: 'english',
        language_override: 'language',
        textIndexVersion: 3,
      });
    });
  }
});

describe('what mongod can alter is not built again', () => {
  const cases: Readonly<Record<string, readonly [IndexSpec, IndexSpec]>> = {
    'a time to live': [
      { keys: [up('a')], expireAfterSeconds: 60 },
      { keys: [up('a')], expireAfterSeconds: 3600 },
    ],
    'a time to live where there was none': [{ keys: [up('a')] }, { keys: [up('a')], expireAfterSeconds: 0 }],
    'hiding the index': [
      { keys: [up('a')], unique: true },
      { keys: [up('a')], unique: true, hidden: true },
    ],
    'showing the index again, and a time to live': [
      { keys: [up('a')], hidden: true, expireAfterSeconds: 1 },
      { keys: [up('a')], expireAfterSeconds: 2 },
    ],
  };
  for (const [name, [from, to]] of Object.entries(cases)) {
    test(name, async () => {
      const home = await homeWith([from]);
      await createCollections.ensure(home);
      const changed = changing(home, { spec: specWith([{ name: 'things', indexes: [to] }]) });
      assert.equal(await homeCollections.observe(changed), 'wrong');
      cell.sent.length = 0;
      await homeCollections.ensure(changed);
      assert.deepEqual(
        cell.sent.map(({ commandName }) => commandName).filter((command) => /create|drop|collMod/.test(command)),
        ['collMod'],
      );
      assert.equal(await homeCollections.observe(changed), 'present');
      await homeCollections.undo(changed);
      assert.deepEqual(
        orderOf(await cell.collection(home, 'things').listIndexes().toArray()).map(({ expireAfterSeconds, hidden }) => [
          expireAfterSeconds,
          hidden,
        ]),
        [[from.expireAfterSeconds, from.hidden]],
      );
    });
  }
});

describe('a unique index is built before the one that it replaces is dropped', () => {
  const unique = (index: IndexSpec): IndexSpec => ({ ...index, unique: true });
  const cases: readonly { readonly what: string; readonly from: IndexSpec; readonly to: IndexSpec }[] = [
    {
      what: 'other keys with the same name',
      from: unique({ name: 'one', keys: [up('sku')] }),
      to: unique({ name: 'one', keys: [up('sku'), up('shop')] }),
    },
    {
      what: 'an explicit name',
      from: unique({ keys: [up('sku')] }),
      to: unique({ name: 'by_sku', keys: [up('sku')] }),
    },
    {
      what: 'other keys and the name derived from them',
      from: unique({ keys: [up('sku')] }),
      to: unique({ keys: [up('sku'), up('shop')] }),
    },
    { what: 'sparse', from: unique({ keys: [up('sku')] }), to: unique({ keys: [up('sku')], sparse: true }) },
    {
      what: 'sparse, on two fields',
      from: unique({ name: 'one', keys: [up('sku')] }),
      to: unique({ name: 'one', keys: [up('sku'), up('shop')], sparse: true }),
    },
    {
      what: 'partial',
      from: unique({ keys: [up('sku')] }),
      to: unique({ keys: [up('sku')], partialFilterExpression: { sku: { $type: 'string' }, _id: { $exists: true } } }),
    },
    {
      what: 'a collation',
      from: unique({ keys: [up('sku')] }),
      to: unique({ keys: [up('sku')], collation: { locale: 'en', strength: 2 } }),
    },
    {
      what: 'no time to live',
      from: unique({ keys: [up('sku')], expireAfterSeconds: 3600 }),
      to: unique({ keys: [up('sku')] }),
    },
  ];
  const same = { sku: 'a', shop: 1 };
  for (const { mode, what, from, to } of inEveryMode(cases)) {
    test(`${what}, in mode ${mode}`, async () => {
      const spec = (index: IndexSpec) => specWith([{ name: 'orders' }, { name: 'things', indexes: [index] }], mode);
      const home = cell.home({ mode, spec: spec(from) });
      await cell.insertClaim(home);
      await createCollections.ensure(home);
      const things = cell.collection(home, 'things');
      await things.insertOne({ ...same });
      const changed = changing(home, { spec: spec(to) });
      const standing: (string | undefined)[][] = [];
      const watched = beforeCommand(changed, 'dropIndexes', async () => {
        standing.push((await things.listIndexes().toArray()).map(({ name }) => name));
        await assert.rejects(things.insertOne({ ...same }), { code: 11_000 });
      });
      await homeCollections.ensure(watched);
      await assert.rejects(things.insertOne({ ...same }), { code: 11_000 });
      assert.ok(
        standing.length > 0 && standing.every((names) => names.length > 2),
        'a new index exists before the old one is dropped',
      );
      assert.deepEqual(
        (await things.listIndexes().toArray()).map(({ name }) => name),
        ['_id_', nameOnCell(to)],
      );
      assert.equal(await homeCollections.observe(changed), 'present');
      await homeCollections.undo(changed);
      assert.deepEqual(
        (await things.listIndexes().toArray()).map(({ name }) => name),
        ['_id_', nameOnCell(from)],
      );
    });
  }

  test('the existing index stays if the documents do not allow the new one, whatever its name', async () => {
    for (const name of [undefined, 'one']) {
      const from: IndexSpec = { name: 'one', keys: [up('sku')], unique: true };
      const home = await homeWith([from]);
      await createCollections.ensure(home);
      const things = cell.collection(home, 'things');
      await things.insertMany([
        { sku: 1, shop: 'x' },
        { sku: 2, shop: 'x' },
      ]);
      const changed = changing(home, {
        spec: specWith([
          { name: 'things', indexes: [{ ...(name === undefined ? {} : { name }), keys: [up('shop')], unique: true }] },
        ]),
      });
      const stood = await things.listIndexes().toArray();
      await assert.rejects(
        homeCollections.ensure(changed),
        ({ code, message }: { code: string; message: string }) =>
          code === 'schema_rejected' &&
          message.includes(`do not allow index ${name ?? 'shop_1'} `) &&
          !message.includes('~'),
      );
      assert.deepEqual(await things.listIndexes().toArray(), stood);
      await homeCollections.undo(changed);
      assert.deepEqual(await things.listIndexes().toArray(), stood);
    }
  });

  test('the stand-in of an attempt that was killed is neither built again nor left behind', async () => {
    const home = await homeWith([{ name: 'one', keys: [up('sku')], unique: true }]);
    await createCollections.ensure(home);
    const changed = changing(home, {
      spec: specWith([{ name: 'things', indexes: [{ name: 'one', keys: [up('shop')], unique: true }] }]),
    });
    await assert.rejects(
      homeCollections.ensure(beforeCommand(changed, 'dropIndexes', () => Promise.reject(new Error('killed')))),
      /killed/,
    );
    assert.deepEqual(
      (await cell.collection(home, 'things').listIndexes().toArray()).map(({ name }) => name),
      ['_id_', 'one', 'one~new'],
    );
    assert.equal(await homeCollections.observe(changed), 'wrong');
    cell.sent.length = 0;
    await homeCollections.ensure(changed);
    assert.deepEqual(
      cell.sent
        .filter(({ commandName }) => commandName === 'createIndexes')
        .map(({ command }) => (command['indexes'] as { name: string }[]).map(({ name }) => name)),
      [['one']],
      'only the renamed index is built',
    );
    assert.deepEqual(
      (await cell.collection(home, 'things').listIndexes().toArray()).map(({ name, key }) => [name, key]),
      [
        ['_id_', { _id: 1 }],
        ['one', { shop: 1 }],
      ],
    );
  });

  test('in a collection with as many indexes as mongod allows, the old index is dropped first', async () => {
    const fields = Array.from({ length: 62 }, (_, at): IndexSpec => ({ keys: [up(`f${at}`)] }));
    const home = await homeWith([...fields, { name: 'one', keys: [up('sku')] }]);
    await createCollections.ensure(home);
    const changed = changing(home, {
      spec: specWith([{ name: 'things', indexes: [...fields, { name: 'one', keys: [up('shop')] }] }]),
    });
    await homeCollections.ensure(changed);
    assert.equal(await homeCollections.observe(changed), 'present');
  });
});
