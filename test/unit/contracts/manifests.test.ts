import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalBytes } from '../../../contracts/canonical-json.ts';
import { manifestSchema, manifestSchemas, resourceKinds } from '../../../contracts/manifests/manifest.ts';
import { accepted, plan, refused, region, tenant } from './manifest-samples.ts';

describe('a manifest is accepted:', () => {
  for (const { name, manifest } of accepted) {
    it(`${name}, and nothing is lost`, () => {
      const read = manifestSchema.parse(manifest);
      assert.partialDeepStrictEqual(read, manifest);
      assert.ok(
        canonicalBytes(manifestSchema.parse(read)).equals(canonicalBytes(read)),
        'parsing it again changes nothing',
      );
    });
  }

  it('an omitted field gets the default of the contract', () => {
    assert.partialDeepStrictEqual(manifestSchema.parse(tenant()), {
      spec: { services: [{ collections: [{ indexes: [] }] }] },
    });
    assert.partialDeepStrictEqual(manifestSchema.parse(region()), {
      spec: { acceptsTenants: true, cells: [{ tableBudget: 20_000 }] },
    });
  });

  it('an omitted strategy stays absent, which means: as the isolation mode says', () => {
    assert.deepEqual(Object.keys(manifestSchemas.Tenant.parse(tenant()).spec.services?.[0] ?? {}), [
      'name',
      'collections',
    ]);
  });

  it('an omitted lifecycle and placement stay absent, which means: unchanged', () => {
    const { spec } = manifestSchemas.Tenant.parse(tenant());
    assert.deepEqual(Object.keys(spec).toSorted(), ['plan', 'services']);
  });
});

describe('a manifest is refused, and the refusal names the invalid field:', () => {
  for (const { name, manifest, at } of refused) {
    it(name, () => {
      const parsed = manifestSchema.safeParse(manifest);
      assert.ok(!parsed.success);
      assert.deepEqual(
        [...new Set(parsed.error.issues.map(({ path }) => path.map((part) => `/${String(part)}`).join('')))],
        [at],
      );
      for (const { message } of parsed.error.issues) assert.notEqual(message, 'Invalid input');
    });
  }

  it('an unknown kind', () => assert.ok(!manifestSchema.safeParse({ ...plan(), kind: 'Pod' }).success));
  it('a manifest of another kind', () => assert.ok(!manifestSchemas.Region.safeParse(plan()).success));
});

describe('the kinds of manifest', () => {
  it('are applied in an order in which each kind comes after the kinds that it refers to', () =>
    assert.deepEqual(resourceKinds, ['Region', 'Plan', 'TenantTemplate', 'WebhookEndpoint', 'Tenant']));
  it('are all in the union', () => {
    assert.deepEqual(Object.keys(manifestSchemas).toSorted(), resourceKinds.toSorted());
    for (const manifest of [region(), plan(), tenant()])
      assert.equal(manifestSchema.parse(manifest).kind, manifest['kind']);
  });
});
