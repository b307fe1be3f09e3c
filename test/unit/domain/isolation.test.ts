import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { lifecycleStates, serviceStrategies } from '../../../contracts/lifecycle.ts';
import type { LifecycleState, ServiceStrategy } from '../../../contracts/lifecycle.ts';
import { indexName } from '../../../contracts/manifests/index-spec.ts';
import type { IndexSpec } from '../../../contracts/manifests/index-spec.ts';
import {
  declaredCollections,
  declaredTables,
  homeFormIn,
  isolationFlaws,
  isolationModeOf,
  offeredModes,
  strategyOf,
} from '../../../domain/isolation.ts';
import type { HomeForm } from '../../../domain/isolation.ts';
import { indexKeys, tenantSpecs } from './specs.ts';

describe('the tables of a tenant', () => {
  it('are each collection, its _id index and each declared index', () => {
    const indexes = (count: number) =>
      Array.from({ length: count }, (_, at): IndexSpec => ({ keys: [{ field: `f${at}`, order: 1 }] }));
    /** The tables of services that are given by the number of indexes of each collection. */
    const tables = (...counts: number[][]) =>
      declaredTables({
        plan: 'p',
        services: counts.map((collections, s) => ({
          name: `s${s}`,
          strategy: 'dedicated',
          collections: collections.map((count, c) => ({ name: `c${s}_${c}`, indexes: indexes(count) })),
        })),
      });
    assert.equal(tables([0]), 2);
    assert.equal(tables([3]), 5);
    assert.equal(tables([0, 1], [2]), 9);
  });

  it('are two for every collection and one for every declared index', () => {
    fc.assert(
      fc.property(tenantSpecs, (spec) => {
        const collections = declaredCollections(spec);
        assert.equal(
          declaredTables(spec),
          collections.length * 2 + collections.flatMap(({ indexes }) => indexes).length,
        );
      }),
    );
  });
});

describe('the name of an index', () => {
  const derived: readonly (readonly [IndexSpec['keys'], string])[] = [
    [[{ field: 'sku', order: 1 }], 'sku_1'],
    [
      [
        { field: 'item', order: 1 },
        { field: 'quantity', order: -1 },
      ],
      'item_1_quantity_-1',
    ],
    [[{ field: 'customer.address.zip', order: -1 }], 'customer.address.zip_-1'],
    [[{ field: 'content', order: 'text' }], 'content_text'],
    [[{ field: 'owner', order: 'hashed' }], 'owner_hashed'],
    [
      [
        { field: 'place', order: '2dsphere' },
        { field: 'at', order: 1 },
      ],
      'place_2dsphere_at_1',
    ],
  ];
  for (const [keys, name] of derived)
    it(`is MongoDB’s default, such as ${name}`, () => assert.equal(indexName({ keys }), name));

  it('is the one in the manifest if the manifest has one', () =>
    assert.equal(indexName({ name: 'by_sku', keys: [{ field: 'sku', order: 1 }] }), 'by_sku'));

  it('is different for indexes that differ in a field or an order', () => {
    fc.assert(
      fc.property(indexKeys, indexKeys, (a, b) => {
        assert.equal(
          indexName({ keys: a }) === indexName({ keys: b }),
          JSON.stringify(a.map(({ field, order }) => [field, order])) ===
            JSON.stringify(b.map(({ field, order }) => [field, order])),
        );
      }),
    );
  });
});

describe('the isolation mode', () => {
  it('is the declared one, or dedicated if none is declared', () => {
    const spec = fc.sample(tenantSpecs, 1)[0]!;
    assert.equal(isolationModeOf({ ...spec, placement: { mode: 'hybrid' } }), 'hybrid');
    assert.equal(isolationModeOf({ ...spec, placement: {} }), 'dedicated');
  });

  it('has a flaw for each service whose strategy contradicts it, and for no other service', () => {
    const strategies = fc.array(fc.option(fc.constantFrom(...serviceStrategies), { nil: undefined }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(strategies, fc.constantFrom(...offeredModes), (chosen, mode) => {
        const services = chosen.map((strategy, at) => ({
          name: `s${at}`,
          ...(strategy === undefined ? {} : { strategy }),
          collections: [{ name: `c${at}`, indexes: [] }],
        }));
        const fits = (strategy: ServiceStrategy | undefined): boolean =>
          strategy === undefined ||
          (mode === 'hybrid' ? strategy === 'schema' || strategy === 'dedicated' : strategy === mode);
        const flawed = chosen.flatMap((strategy, at) => (fits(strategy) ? [] : [`/spec/services/${at}/strategy`]));
        assert.deepEqual(
          isolationFlaws({ plan: 'p', placement: { mode }, services }).map(({ pointer }) => pointer),
          flawed,
        );
      }),
    );
  });

  it('determines the strategy of a service that names none', () => {
    assert.deepEqual(
      offeredModes.map((mode) => [mode, strategyOf({}, mode)]),
      [
        ['dedicated', 'dedicated'],
        ['schema', 'schema'],
        ['hybrid', 'dedicated'],
      ],
    );
    assert.equal(strategyOf({ strategy: 'schema' }, 'hybrid'), 'schema');
  });

  it('has no flaw if it is offered', () => {
    fc.assert(
      fc.property(tenantSpecs, fc.constantFrom(...offeredModes), (spec, mode) =>
        assert.deepEqual(isolationFlaws({ ...spec, placement: { mode } }), []),
      ),
    );
  });
});

describe('the form of a home', () => {
  const forms: Readonly<Record<LifecycleState, readonly [HomeForm['access'], boolean]>> = {
    Draft: ['absent', false],
    Active: ['read-write', true],
    Suspended: ['none', true],
    Archived: ['absent', false],
    Deleted: ['absent', false],
  };
  for (const state of lifecycleStates) {
    it(`of a tenant that is ${state}`, () => {
      const [access, secondaryIndexes] = forms[state];
      assert.deepEqual(homeFormIn(state), { access, secondaryIndexes });
    });
  }

  it('allows a tenant to write in one state only', () => {
    assert.deepEqual(
      lifecycleStates.filter((state) => homeFormIn(state).access === 'read-write'),
      ['Active'],
    );
  });
});
