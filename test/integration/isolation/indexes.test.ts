import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { IndexSpec } from '../../../contracts/manifests/tenant.ts';
import { createCollections } from '../../../engines/isolation/parts/collections.ts';
import type { Home } from '../../../engines/isolation/home.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { openCell, specWith } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

async function homeWith(indexes: readonly IndexSpec[]): Promise<Home> {
  const home = cell.home({ spec: specWith([{ name: 'things', indexes: [...indexes] }]) });
  await cell.insertClaim(home);
  return home;
}

const up = (field: string): IndexSpec['keys'][number] => ({ field, order: 1 });
const text = (field: string): IndexSpec['keys'][number] => ({ field, order: 'text' });

describe('an index that was made as declared is seen as such', () => {
  const cases: Readonly<Record<string, IndexSpec>> = {
    'on one field': { keys: [up('a')] },
    compound: { keys: [up('a'), { field: 'b.c', order: -1 }] },
    unique: { keys: [up('a')], unique: true },
    'not unique, and said so': { keys: [up('a')], unique: false, sparse: false },
    sparse: { keys: [up('a')], sparse: true },
    'with a time to live': { keys: [up('a')], expireAfterSeconds: 0 },
    'by a name': { name: 'by_name', keys: [up('a')] },
    hashed: { keys: [{ field: 'a', order: 'hashed' }] },
    'hashed, compound': { keys: [up('a'), { field: 'b', order: 'hashed' }] },
    '2dsphere': { keys: [{ field: 'a', order: '2dsphere' }], sparse: true },
    '2dsphere, compound': { keys: [{ field: 'a', order: '2dsphere' }, up('b'), { field: 'c', order: '2dsphere' }] },
    text: { keys: [text('a')] },
    'text, on several fields': { keys: [text('z'), text('a.b')], sparse: true },
    'text, compound': { keys: [up('p'), text('b'), text('a'), up('s')] },
    'text, with a time to live': { keys: [text('a')], expireAfterSeconds: 60 },
    'on a field whose name is a number': { keys: [up('b'), up('10'), up('9')] },
    'on _id': { keys: [up('_id')] },
    'on _id, by another name': { name: 'other', keys: [up('_id')] },
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
      assert.deepEqual(cell.sent.map(({ commandName }) => commandName).filter((command) => /create|drop|collMod/.test(command)), []);
    });
  }
});

test('fields are indexed in the declared order, even where a name is a number', async () => {
  const home = await homeWith([{ keys: [up('b'), up('10'), up('9')] }]);
  await createCollections.ensure(home);
  // Listed by mongod: as an object of JavaScript the numbers would always come first.
  const fields = { $map: { input: { $objectToArray: '$key' }, in: '$$this.k' } };
  const indexes = await cell.database(home).collection('things').aggregate([{ $indexStats: {} }, { $match: { name: { $ne: '_id_' } } }, { $project: { fields } }]).toArray();
  assert.deepEqual(indexes.map((index) => index['fields']), [['b', '10', '9']]);
});

describe('an index of the declared name that differs is made anew', () => {
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
