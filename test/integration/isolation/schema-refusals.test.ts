import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { CollectionSpec, IndexSpec } from '../../../contracts/manifests/tenant.ts';
import { createCollections } from '../../../engines/isolation/parts/collections.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { openCell, specWith } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

type Schema = NonNullable<CollectionSpec['jsonSchema']>;

async function assertRefused(refused: Partial<CollectionSpec>, reason: RegExp, documents: readonly object[] = []): Promise<void> {
  const home = cell.home({ spec: specWith([{ name: 'fine' }, { name: 'flawed', ...refused }]) });
  await cell.insertClaim(home);
  if (documents.length > 0) await cell.database(home).collection('flawed').insertMany([...documents]);
  const refusal = { name: 'TenureError', code: 'schema_rejected', message: new RegExp(`^collection "flawed": mongod refuses: .*${reason.source}`) };
  await assert.rejects(createCollections.ensure(home), refusal);
  await assert.rejects(createCollections.ensure(home), refusal);
  await createCollections.undo(home);
  assert.deepEqual(await cell.database(home).listCollections().toArray(), []);
}

describe('a JSON schema that mongod refuses', () => {
  const cases: readonly [Schema, RegExp][] = [
    [{ bsonType: 'nope' }, /Unknown type name alias: nope/],
    [{ type: 'integer' }, /'integer' is not currently supported/],
    [{ unknown: 1 }, /Unknown \$jsonSchema keyword: unknown/],
    [{ required: 'a' }, /'required' must be an array/],
    [{ required: [] }, /'required' cannot be an empty array/],
    [{ allOf: [] }, /'allOf' must be a non-empty array/],
    [{ minItems: 1.5 }, /Expected an integer/],
    [{ patternProperties: { '(': {} } }, /Invalid regular expression/],
    [{ properties: { a: { pattern: '(' } } }, /Regular expression is invalid/],
    [{ properties: 5 }, /'properties' must be an object/],
  ];
  for (const [jsonSchema, reason] of cases) test(JSON.stringify(jsonSchema), () => assertRefused({ jsonSchema }, reason));
});

describe('indexes that mongod refuses', () => {
  const keys = (...pairs: readonly [string, IndexSpec['keys'][number]['order']][]): Pick<IndexSpec, 'keys'> => ({ keys: pairs.map(([field, order]) => ({ field, order })) });
  const cases: readonly { readonly flaw: string; readonly indexes: IndexSpec[]; readonly reason: RegExp }[] = [
    { flaw: 'two text indexes', indexes: [keys(['a', 'text']), keys(['b', 'text'])], reason: /index already exists/ },
    { flaw: 'text fields that are not side by side', indexes: [keys(['a', 'text'], ['b', 1], ['c', 'text'])], reason: /must all be adjacent/ },
    { flaw: 'two hashed fields', indexes: [keys(['a', 'hashed'], ['b', 'hashed'])], reason: /maximum of one index field is allowed to be hashed/ },
    { flaw: 'hashed and unique', indexes: [{ ...keys(['a', 'hashed']), unique: true }], reason: /hashed indexes cannot guarantee uniqueness/ },
    { flaw: 'two kinds in one', indexes: [keys(['a', '2dsphere'], ['b', 'text'])], reason: /more than one index plugin/ },
    { flaw: 'a time to live on two fields', indexes: [{ ...keys(['a', 1], ['b', 1]), expireAfterSeconds: 5 }], reason: /TTL indexes are single-field/ },
    { flaw: 'the same index twice', indexes: [keys(['a', 1]), keys(['a', 1])], reason: /Identical index already exists/ },
    { flaw: 'the same keys by two names', indexes: [{ name: 'x', ...keys(['a', 1]) }, { name: 'y', ...keys(['a', 1]) }], reason: /already exists with a different name/ },
    { flaw: 'two indexes by one name', indexes: [{ name: 'x', ...keys(['a', 1]) }, { name: 'x', ...keys(['b', 1]) }], reason: /same name as the requested index/ },
    { flaw: 'a sparse index on _id', indexes: [{ ...keys(['_id', 1]), sparse: true }], reason: /'sparse' is not valid for an _id index/ },
    { flaw: 'the name of the _id index', indexes: [{ name: '_id_', ...keys(['a', 1]) }], reason: /'_id_' is reserved/ },
  ];
  for (const { flaw, indexes, reason } of cases) test(flaw, () => assertRefused({ indexes }, reason));

  test('that documents which are there do not allow', async () => {
    await assertRefused({ indexes: [{ ...keys(['a', 1]), unique: true }] }, /E11000 duplicate key/, [{ a: 1 }, { a: 1 }]);
    await assertRefused({ indexes: [keys(['a', '2dsphere'])] }, /Can't extract geo keys/, [{ a: 'here' }]);
    await assertRefused({ indexes: [keys(['a', 1], ['b', 1])] }, /cannot index parallel arrays/, [{ a: [1], b: [1] }]);
  });
});
