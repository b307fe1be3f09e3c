import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicallyEqual } from '../../../contracts/canonical-json.ts';
import type { ServiceSpec } from '../../../contracts/manifests/tenant.ts';
import { configEntries, effectiveConfig, overlaidServices, rebaseServices } from '../../../domain/tenant-template.ts';
import type { TemplateVersion } from '../../../domain/tenant-template.ts';

const template = (config: TemplateVersion['spec']['config']): TemplateVersion => ({
  name: 'startup',
  version: 2,
  spec: { config },
});
const service = (name: string, ...collections: string[]): ServiceSpec => ({
  name,
  collections: collections.map((collection) => ({ name: collection, indexes: [] })),
});

describe('the configuration in effect', () => {
  it('is the tenant’s value if it sets one, otherwise the template’s, with its origin', () => {
    assert.deepEqual(
      configEntries(template({ qps: 10, model: 'small', memory: true }), { qps: 20, color: 'red', memory: null }),
      [
        { key: 'color', value: 'red', origin: 'tenant' },
        { key: 'memory', value: null, origin: 'tenant', templateValue: true },
        { key: 'model', value: 'small', origin: 'template' },
        { key: 'qps', value: 20, origin: 'tenant', templateValue: 10 },
      ],
    );
  });

  it('is what the tenant sets if there is no template, and empty if nothing is set', () => {
    assert.deepEqual(effectiveConfig(undefined, { qps: 1 }), { qps: 1 });
    assert.deepEqual(effectiveConfig(undefined, undefined), {});
  });

  it('takes each value as a whole and does not merge its content', () => {
    assert.deepEqual(effectiveConfig(template({ routing: { a: 1, b: 2 } }), { routing: { a: 3 } }), {
      routing: { a: 3 },
    });
  });

  it('treats the names of JavaScript’s own properties like any other name', () => {
    assert.deepEqual(configEntries(template({}), { constructor: 1 }), [
      { key: 'constructor', value: 1, origin: 'tenant' },
    ]);
  });
});

describe('services that a tenant of a template declares itself', () => {
  const overlaid = (
    declared: ServiceSpec[],
    current: ServiceSpec[],
    from: ServiceSpec[],
    to: ServiceSpec[],
  ): ServiceSpec[] => overlaidServices(declared, current, from, to, canonicallyEqual);
  const mine: ServiceSpec = {
    name: 'shop',
    collections: [{ name: 'orders', indexes: [{ keys: [{ field: 'mine', order: 1 }] }] }],
  };

  it('take precedence over those of the template, collection by collection', () => {
    assert.deepEqual(overlaid([mine], [], [], [service('shop', 'orders', 'carts'), service('mail', 'sent')]), [
      { ...mine, collections: [...mine.collections, { name: 'carts', indexes: [] }] },
      service('mail', 'sent'),
    ]);
  });

  it('are the same when the same manifest is applied after a roll-out, even of a version that drops something', () => {
    const [first, second, third] = [
      [service('shop', 'orders')],
      [service('shop', 'orders', 'carts')],
      [service('shop', 'orders')],
    ];
    const created = overlaid([mine], [], [], first);
    const moved = rebase(created, first, second);
    assert.deepEqual(overlaid([mine], moved, second, second), moved);
    const back = rebase(moved, second, third);
    assert.deepEqual(overlaid([mine], moved, second, third), back);
  });
});

const rebase = (current: ServiceSpec[], from: ServiceSpec[], to: ServiceSpec[]): ServiceSpec[] =>
  rebaseServices(current, from, to, canonicallyEqual);

describe('services that move from one version of a template to another', () => {
  it('follow the template if the tenant has not changed them', () => {
    assert.deepEqual(
      rebase([service('shop', 'orders')], [service('shop', 'orders')], [service('shop', 'orders', 'carts')]),
      [service('shop', 'orders', 'carts')],
    );
  });

  it('stay unchanged if the tenant has changed or added them', () => {
    const tuned: ServiceSpec = {
      name: 'shop',
      collections: [
        { name: 'orders', indexes: [{ keys: [{ field: 'mine', order: 1 }] }] },
        { name: 'mine', indexes: [] },
      ],
    };
    assert.deepEqual(
      rebase([tuned, service('extra', 'things')], [service('shop', 'orders')], [service('shop', 'orders', 'carts')]),
      [
        { name: 'shop', collections: [...tuned.collections, { name: 'carts', indexes: [] }] },
        service('extra', 'things'),
      ],
    );
  });

  it('are added when they are new, and stay when the template drops them, because they hold data', () => {
    assert.deepEqual(rebase([service('old', 'a')], [service('old', 'a')], [service('new', 'b')]), [
      service('old', 'a'),
      service('new', 'b'),
    ]);
    assert.deepEqual(
      rebase([service('shop', 'a', 'b')], [service('shop', 'a', 'b')], [service('shop', 'a')]),
      [service('shop', 'a', 'b')],
      'back to an older version',
    );
  });

  const services = fc
    .uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd'),
        collections: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
      }),
      { selector: ({ name }) => name },
    )
    .map((list) => list.map(({ name, collections }) => service(name, ...collections)));
  it('never lose a service, never appear twice, and have all of the new version if nothing was changed', () => {
    fc.assert(
      fc.property(services, services, services, (current, from, to) => {
        const names = rebase(current, from, to).map(({ name }) => name);
        assert.equal(new Set(names).size, names.length);
        for (const { name } of [...current, ...to]) assert.ok(names.includes(name));
        for (const wanted of to)
          for (const { name } of wanted.collections)
            assert.ok(
              rebase(from, from, to)
                .find((found) => found.name === wanted.name)
                ?.collections.some((collection) => collection.name === name),
            );
        assert.deepEqual(
          rebase(rebase(current, from, to), to, to),
          rebase(current, from, to),
          'a second time changes nothing',
        );
      }),
    );
  });
});
