import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { BSON } from 'mongodb';
import { storageVersion } from '../../../store/documents.ts';
import { withTexts } from '../../../store/free-json.ts';
import { upgradeOnRead } from '../../../store/storage-versions.ts';
import type { Upgrade } from '../../../store/storage-versions.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

interface Stored {
  storageVersion: number;
  passed?: number[];
  name?: string;
}

/** An upgrade that records that it ran. */
const noting =
  (from: number): Upgrade =>
  (document) => ({ ...document, passed: [...((document['passed'] as number[] | undefined) ?? []), from] });
const upgrades = (to: number): Record<number, Upgrade> =>
  Object.fromEntries(Array.from({ length: to }, (_, from) => [from, noting(from)]));
const versions = fc
  .integer({ min: 1, max: 8 })
  .chain((to) => fc.tuple(fc.integer({ min: 0, max: to }), fc.constant(to)));

const isInternal = (pattern: RegExp) => (error: unknown) =>
  error instanceof TenureError && error.code === 'internal' && pattern.test(error.message);

describe('a stored document', () => {
  it('goes through every upgrade between its version and this build’s, once and in order', () => {
    fc.assert(
      fc.property(versions, ([from, to]) => {
        const read = upgradeOnRead<Stored>({ storageVersion: from }, { to, using: upgrades(to) });
        assert.deepEqual(
          read.passed ?? [],
          Array.from({ length: to - from }, (_, step) => from + step),
        );
        assert.equal(read.storageVersion, to);
      }),
    );
  });

  it('keeps what the upgrades do not change, and is not modified itself', () => {
    const stored: Stored = { storageVersion: 0, name: 'acme' };
    assert.deepEqual(upgradeOnRead(stored, { to: 2, using: upgrades(2) }), {
      storageVersion: 2,
      name: 'acme',
      passed: [0, 1],
    });
    assert.deepEqual(stored, { storageVersion: 0, name: 'acme' });
  });

  it('has the version it was upgraded to, whatever an upgrade sets', () => {
    const lying: Upgrade = (document) => ({ ...document, storageVersion: 99 });
    assert.equal(upgradeOnRead<Stored>({ storageVersion: 0 }, { to: 1, using: { 0: lying } }).storageVersion, 1);
  });

  it('of this build’s version is returned unchanged', () => {
    const stored: Stored = { storageVersion };
    assert.equal(upgradeOnRead(stored), stored);
  });

  it('of a newer build is refused, with the fix', () => {
    assert.throws(
      () => upgradeOnRead<Stored>({ storageVersion: storageVersion + 1 }),
      isInternal(/newer build.*run the newer build/),
    );
    fc.assert(
      fc.property(versions, fc.integer({ min: 1, max: 5 }), ([, to], ahead) => {
        assert.throws(
          () => upgradeOnRead<Stored>({ storageVersion: to + ahead }, { to, using: upgrades(to) }),
          isInternal(/newer build/),
        );
      }),
    );
  });

  it('is refused if an upgrade between the versions is missing', () => {
    const { 1: _gap, ...broken } = upgrades(3);
    assert.throws(
      () => upgradeOnRead<Stored>({ storageVersion: 0 }, { to: 3, using: broken }),
      isInternal(/no upgrade from storage version 1/),
    );
  });

  it('without a version is refused', () => {
    for (const version of [undefined, null, Number.NaN, '1', 0.5]) {
      assert.throws(
        () => upgradeOnRead<Stored>({ storageVersion: version as number }, { to: 1, using: upgrades(1) }),
        isInternal(/storage version/),
      );
    }
  });

  it('can be upgraded to this build’s version from every earlier one', () => {
    for (let from = 1; from < storageVersion; from += 1)
      assert.equal(upgradeOnRead<Stored>({ storageVersion: from }).storageVersion, storageVersion);
  });
});

describe('free JSON in a stored document', () => {
  const key = fc.oneof(
    fc.constantFrom('$ref', '$id', '$db', '$numberLong', '$date', 'a.b', '', '0', 'toBSON', 'constructor'),
    fc
      .string({ unit: 'binary' })
      .filter((name) => name !== '__proto__' && name !== '_bsontype' && !name.includes('\0')),
  );
  const json = fc.letrec((tie) => ({
    any: fc.oneof(
      fc.constantFrom(null, true, 'x.y', 0, 1.5, 2 ** 53 - 1, -(2 ** 31) - 1, 1e308),
      fc.string({ unit: 'binary' }),
      fc.array(tie('any'), { maxLength: 3 }),
      tie('object'),
      fc.record({ $ref: fc.constantFrom('a.b', 'c'), $id: tie('any') }),
    ),
    object: fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  }));
  const read = (stored: object): object => BSON.deserialize(BSON.serialize(stored));

  it('is read byte for byte as it was declared, in a resource, a revision and an operation', () => {
    fc.assert(
      fc.property(json.object, json.object, (config, schema) => {
        const services = [
          {
            name: 's',
            collections: [
              {
                name: 'c',
                jsonSchema: schema,
                indexes: [{ keys: [{ field: 'a', order: 1 }], partialFilterExpression: schema }],
              },
            ],
          },
        ];
        const document = {
          storageVersion,
          spec: { plan: 'p', config, services },
          assign: { config: null, services },
          restore: { config },
        };
        assert.equal(
          JSON.stringify(upgradeOnRead(read(withTexts(document)) as typeof document)),
          JSON.stringify(document),
        );
      }),
    );
  });

  it('of an older version keeps the value that was read', () => {
    const old = read({ storageVersion: 2, lastFence: 1, spec: { config: { a: { $ref: 'a.b', $id: 'z' } } } }) as {
      storageVersion: number;
      spec: object;
    };
    assert.deepEqual(upgradeOnRead(old).spec, { config: { a: { $ref: 'b', $id: 'z', $db: 'a' } } });
  });
});

it('a tenant of an earlier build gets a database user of null, and a revision does not', () => {
  const [tenant, revision] = [
    { storageVersion: 3, lastFence: 1, spec: {} },
    { storageVersion: 3, generation: 1, spec: {} },
  ];
  assert.deepEqual(upgradeOnRead(tenant), { ...tenant, storageVersion, databaseUser: null });
  assert.deepEqual(upgradeOnRead(revision), { ...revision, storageVersion });
});
