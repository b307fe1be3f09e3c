import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { MongoClient } from 'mongodb';
import type { IndexDescriptionInfo } from 'mongodb';
import { indexFlaws } from '../../../contracts/manifests/index-flaws.ts';
import { indexSpecSchema, nameOnCell } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import { jsonSchemaFlaws } from '../../../contracts/manifests/json-schema-flaws.ts';
import { indexDefinition, indexIsAsDeclared } from '../../../engines/isolation/parts/indexes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { newId } from './cell-fixture.ts';

const client = new MongoClient(attachToStack().mongod['eu-west-1'].adminUri);
const db = client.db(`flaws_${newId()}`);
before(() => db.createCollection('things'));
after(async () => {
  await db.dropDatabase();
  await client.close();
});

/** The indexes that mongod created, or its error. */
async function made(indexes: readonly IndexSpec[]): Promise<IndexDescriptionInfo[] | string> {
  try {
    // One by one, as when indexes are added: for several at once, mongod reports other flaws, but not fewer.
    for (const index of indexes) await db.command({ createIndexes: 'things', indexes: [indexDefinition(index)] });
    return await db.collection('things').listIndexes().toArray();
  } catch (error) {
    return String(error);
  } finally {
    await db.collection('things').dropIndexes();
  }
}

const field = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('a', 'b', 'c.d') },
  { weight: 1, arbitrary: fc.constantFrom('_id', '$**', 'a.$**') },
);
const order = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(1, -1, 'text') },
  { weight: 1, arbitrary: fc.constantFrom('hashed', '2dsphere', '2d') },
);
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const collation = fc.record(
  {
    locale: fc.constantFrom('de', 'simple', 'fr_CA', 'en_US'),
    strength: fc.constantFrom(2, 3),
    numericOrdering: fc.boolean(),
  },
  { requiredKeys: ['locale'] },
);
const filter = fc.constantFrom(
  {},
  { a: 1 },
  { a: { $exists: true } },
  { a: { $exists: false } },
  { _id: { $gt: 5 } },
  { $or: [{ a: 1 }, { b: { $lt: 'x' } }] },
  { a: { $ne: 1 } },
  { $and: [] },
  { a: { $gt: { $ref: 'x.y', $id: 1 } } },
);
const projection = fc.dictionary(fc.constantFrom('a', 'b', 'a.x', '_id'), fc.constantFrom(0, 1, true, false), {
  maxKeys: 2,
  noNullPrototype: true,
});
const index = fc
  .record({
    name: some(fc.constantFrom('x', 'a_1', '_id_')),
    keys: fc.uniqueArray(fc.record({ field, order }), { selector: (key) => key.field, minLength: 1, maxLength: 3 }),
    unique: some(fc.boolean()),
    sparse: some(fc.boolean()),
    expireAfterSeconds: some(fc.constant(60)),
    partialFilterExpression: some(filter),
    collation: some(collation),
    hidden: some(fc.boolean()),
    weights: some(fc.constant({ a: 7, z: 2 })),
    default_language: some(fc.constantFrom('none', 'german', 'sv')),
    language_override: some(fc.constant('tongue')),
    wildcardProjection: some(projection),
    bits: some(fc.constant(20)),
    min: some(fc.constantFrom(-5, 200)),
    max: some(fc.constant(90)),
  })
  .map(
    (fields) =>
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as IndexSpec,
  );

/**
 * What mongod accepts although it has no effect: an index that already exists, options that no index of its kind reads,
 * and $** in an index of another kind.
 */
const meaningless =
  /^has the same name|is allowed only for (an index with a text field|a 2d index)$|must be 1 for \$\*\*$|must not contain \$\*\*/;
/** Only mongod refuses these, because MongoDB 7.0 and later accept them. */
const judgedByMongod = /wildcard indexes do not allow compounding|numeric value in a \$\*\* index/;

test('mongod creates indexes without a flaw as declared, and refuses indexes with a flaw', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(index, { minLength: 1, maxLength: 2 }), async (indexes) => {
      const parsed = indexes.map((one) => indexSpecSchema.safeParse(one));
      const flaws = [...parsed.flatMap(({ error }) => error?.issues ?? []), ...indexFlaws(indexes)];
      const found = await made(indexes);
      if (typeof found === 'string') {
        refused += 1;
        assert.ok(flaws.length > 0 || judgedByMongod.test(found), found);
        return;
      }
      assert.deepEqual(
        flaws.filter(({ message }) => !meaningless.test(message)),
        [],
      );
      for (const declared of indexes) {
        const there = found.find(({ name }) => name === nameOnCell(declared));
        assert.ok(
          there !== undefined && indexIsAsDeclared(declared, there),
          `${JSON.stringify(declared)} ${JSON.stringify(there)}`,
        );
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(refused > 20, `${refused} were refused`);
});

const typeName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('string', 'object', 'number', 'null', 'array') },
  { weight: 1, arbitrary: fc.constantFrom('integer', 'int', 'long', 'bool', 'boolean', 'date', null, 5, 'any') },
);
const wrong = fc.constantFrom<unknown>(null, 0, -1, 1.5, '', 'x', true, false, [], {}, [1], ['a', 'a'], [{}], { a: 1 });
const mostly = (right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong });
const { schema } = fc.letrec<{ schema: unknown; keyword: readonly [string, unknown] }>((tie) => {
  const inner = tie('schema');
  const named = fc.dictionary(fc.constantFrom('a', 'b', '_id', 'x.y', ''), inner, {
    maxKeys: 2,
    noNullPrototype: true,
  });
  const several = fc.array(inner, { minLength: 1, maxLength: 2 });
  const count = fc.nat({ max: 9 });
  const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    type: fc.oneof(typeName, fc.array(typeName, { maxLength: 3 })),
    bsonType: fc.oneof(typeName, fc.array(typeName, { maxLength: 3 })),
    required: fc.array(fc.constantFrom('a', 'b', '_id'), { minLength: 1, maxLength: 2 }),
    properties: named,
    patternProperties: named,
    additionalProperties: fc.oneof(fc.boolean(), inner),
    items: fc.oneof(inner, fc.array(inner, { maxLength: 2 })),
    additionalItems: fc.oneof(fc.boolean(), inner),
    enum: fc.array(fc.constantFrom<unknown>(1, 2, 'a', null, { b: 1 }), { minLength: 1, maxLength: 3 }),
    allOf: several,
    anyOf: several,
    oneOf: several,
    not: inner,
    dependencies: fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(inner, fc.array(fc.constantFrom('c', 'd'), { maxLength: 2 })),
      { maxKeys: 2, noNullPrototype: true },
    ),
    minimum: fc.constantFrom(0, 1.5, -3),
    maximum: fc.constantFrom(0, 1.5, -3),
    exclusiveMinimum: fc.boolean(),
    exclusiveMaximum: fc.boolean(),
    multipleOf: fc.constantFrom(1, 0.5, 0, -2),
    uniqueItems: fc.boolean(),
    pattern: fc.constant('^a'),
    title: fc.constant('t'),
    description: fc.constant('d'),
    ...Object.fromEntries(
      ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'].map((name) => [name, count]),
    ),
  };
  const right = fc
    .constantFrom(...Object.keys(values))
    .chain((name) => mostly(values[name] ?? wrong).map((value) => [name, value] as const));
  const unknown = fc
    .constantFrom('format', 'default', 'const', 'if', 'id', 'nullable', 'constructor')
    .map((name) => [name, 'x'] as const);
  const keyword = fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: unknown });
  return {
    keyword,
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constant({}),
      fc
        .uniqueArray(tie('keyword'), { selector: ([name]) => name, maxLength: 3 })
        .map((keywords) => Object.fromEntries(keywords)),
    ),
  };
});

test('a JSON Schema has a flaw exactly when mongod refuses it', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(schema, async (document) => {
      const flaws = jsonSchemaFlaws(document as Record<string, unknown>);
      // mongod parses the schema even if there are no documents.
      const answer = await db
        .collection('things')
        .findOne({ $jsonSchema: document })
        .then(() => undefined, String);
      refused += Number(answer !== undefined);
      assert.equal(flaws.length > 0, answer !== undefined, `${answer} ${JSON.stringify(flaws)}`);
    }),
    { numRuns: 1500 },
  );
  assert.ok(refused > 100, `${refused} were refused`);
});
