import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import type { CollectionSpec } from '../../../contracts/manifests/tenant.ts';
import { createCollections } from '../../../engines/isolation/parts/collections.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { openCell, specWith } from './cell-fixture.ts';

const cell = openCell(attachToStack().mongod['eu-west-1']);
after(() => cell.close());

type Schema = NonNullable<CollectionSpec['jsonSchema']>;

const secret = 'alice@example.com';

async function assertRefused(
  refused: Partial<CollectionSpec>,
  reason: RegExp,
  documents: readonly object[] = [],
): Promise<void> {
  const home = cell.home({ spec: specWith([{ name: 'fine' }, { name: 'flawed', ...refused }]) });
  await cell.insertClaim(home);
  if (documents.length > 0)
    await cell
      .database(home)
      .collection('flawed')
      .insertMany([...documents]);
  const refusal = {
    name: 'TenureError',
    code: 'schema_rejected',
    message: new RegExp(`^collection "flawed": ${reason.source}`),
  };
  await assert.rejects(createCollections.ensure(home), refusal);
  await assert.rejects(createCollections.ensure(home), refusal);
  await assert.rejects(
    createCollections.ensure(home),
    (error) => !inspect(error, { depth: 10 }).includes(secret),
    'neither the error nor its cause, which a log shows, contains a value of a document',
  );
  await createCollections.undo(home);
  assert.deepEqual(await cell.database(home).listCollections().toArray(), []);
}

/** Matches mongod's own words. */
const refuses = ({ source }: RegExp): RegExp => new RegExp(`mongod refuses: .*${source}`);

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
  for (const [jsonSchema, reason] of cases)
    test(JSON.stringify(jsonSchema), () => assertRefused({ jsonSchema }, refuses(reason)));
});

describe('indexes that mongod refuses', () => {
  const keys = (...pairs: readonly [string, IndexSpec['keys'][number]['order']][]): Pick<IndexSpec, 'keys'> => ({
    keys: pairs.map(([field, order]) => ({ field, order })),
  });
  const cases: readonly { readonly flaw: string; readonly indexes: IndexSpec[]; readonly reason: RegExp }[] = [
    { flaw: 'two text indexes', indexes: [keys(['a', 'text']), keys(['b', 'text'])], reason: /index already exists/ },
    {
      flaw: 'text fields that are not next to each other',
      indexes: [keys(['a', 'text'], ['b', 1], ['c', 'text'])],
      reason: /must all be adjacent/,
    },
    {
      flaw: 'two hashed fields',
      indexes: [keys(['a', 'hashed'], ['b', 'hashed'])],
      reason: /maximum of one index field is allowed to be hashed/,
    },
    {
      flaw: 'hashed and unique',
      indexes: [{ ...keys(['a', 'hashed']), unique: true }],
      reason: /hashed indexes cannot guarantee uniqueness/,
    },
    {
      flaw: 'two kinds in one index',
      indexes: [keys(['a', '2dsphere'], ['b', 'text'])],
      reason: /more than one index plugin/,
    },
    {
      flaw: 'a time to live on two fields',
      indexes: [{ ...keys(['a', 1], ['b', 1]), expireAfterSeconds: 5 }],
      reason: /TTL indexes are single-field/,
    },
    {
      flaw: 'the same index twice',
      indexes: [keys(['a', 1]), keys(['a', 1])],
      reason: /(Identical index already exists|two identical indexes)/,
    },
    {
      flaw: 'the same keys under two names',
      indexes: [
        { name: 'x', ...keys(['a', 1]) },
        { name: 'y', ...keys(['a', 1]) },
      ],
      reason: /already exists with a different name/,
    },
    {
      flaw: 'two indexes with one name',
      indexes: [
        { name: 'x', ...keys(['a', 1]) },
        { name: 'x', ...keys(['b', 1]) },
      ],
      reason: /same name as the requested index/,
    },
    {
      flaw: 'a sparse index on _id',
      indexes: [{ ...keys(['_id', 1]), sparse: true }],
      reason: /'sparse' is not valid for an _id index/,
    },
    { flaw: 'the name of the _id index', indexes: [{ name: '_id_', ...keys(['a', 1]) }], reason: /'_id_' is reserved/ },
  ];
  for (const { flaw, indexes, reason } of cases) {
    test(flaw, () => assertRefused({ indexes }, refuses(reason)));
    test(`${flaw}, on a collection with documents`, () => assertRefused({ indexes }, refuses(reason), [{ z: 1 }]));
  }

  describe('that existing documents do not allow: the error contains nothing from the documents', () => {
    const unique = [{ ...keys(['b', 1]) }, { ...keys(['a', 1]), unique: true }];
    const documentCases: readonly {
      readonly flaw: string;
      readonly indexes: IndexSpec[];
      readonly documents: readonly object[];
      readonly reason: RegExp;
    }[] = [
      {
        flaw: 'a duplicate value',
        indexes: unique,
        documents: [{ a: secret }, { a: secret }],
        reason: /its documents do not allow index a_1 \(DuplicateKey 11000\)$/,
      },
      {
        flaw: 'a duplicate value that looks like the end of the message',
        indexes: unique,
        documents: [{ a: `dup key: ${secret}` }, { a: `dup key: ${secret}` }],
        reason: /its documents do not allow index a_1 \(DuplicateKey 11000\)$/,
      },
      {
        flaw: 'a value that is not a geometry',
        indexes: [keys(['a', '2dsphere'])],
        documents: [{ a: secret }],
        reason: /its documents do not allow index a_2dsphere \(Location16755 16755\)$/,
      },
      {
        flaw: 'an unknown language',
        indexes: [keys(['a', 'text'])],
        documents: [{ a: 'x', language: secret }],
        reason: /its documents do not allow index a_text \(Location17262 17262\)$/,
      },
      {
        flaw: 'a field whose name is a number',
        indexes: [keys(['a.0', 1]), keys(['b', 1])],
        documents: [{ a: [{ 0: secret }] }],
        reason: /its documents do not allow index a\.0_1, b_1 \(Location16746 16746\)$/,
      },
      {
        flaw: 'two arrays',
        indexes: [keys(['a', 1], ['b', 1])],
        documents: [{ a: [secret], b: [1] }],
        reason: /its documents do not allow index a_1_b_1 \(CannotIndexParallelArrays 171\)$/,
      },
    ];
    for (const { flaw, indexes, documents, reason } of documentCases)
      test(flaw, () => assertRefused({ indexes }, reason, documents));
  });
});
