import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalBytes } from '../../../contracts/canonical-json.ts';
import { manifestSchema, manifestSchemas, resourceKinds } from '../../../contracts/manifests/manifest.ts';
import { accepted, plan, refused, region, tenant } from './manifest-samples.ts';

describe('a manifest is taken:', () => {
  for (const { name, manifest } of accepted) {
    it(`${name}, and nothing of it is lost`, () => {
      const read = manifestSchema.parse(manifest);
      assert.partialDeepStrictEqual(read, manifest);
      assert.ok(
        canonicalBytes(manifestSchema.parse(read)).equals(canonicalBytes(read)),
        'reading it again changes nothing',
      );
    });
  }

  it('what is left out gets the default that the contract promises', () => {
    assert.partialDeepStrictEqual(manifestSchema.parse(tenant()), {
      spec: { services: [{ collections: [{ indexes: [] }] }] },
    });
    assert.partialDeepStrictEqual(manifestSchema.parse(region()), {
      spec: { acceptsTenants: true, cells: [{ tableBudget: 20_000 }] },
    });
  });

  it('an absent strategy stays absent, for that means as the mode says', () => {
    assert.deepEqual(Object.keys(manifestSchemas.Tenant.parse(tenant()).spec.services?.[0] ?? {}), [
      'name',
      'collections',
    ]);
  });

  it('an absent lifecycle and placement stay absent, for that means unchanged', () => {
    const { spec } = manifestSchemas.Tenant.parse(tenant());
    assert.deepEqual(Object.keys(spec).toSorted(), ['plan', 'services']);
  });
});

describe('a manifest is refused, with the field that is at fault:', () => {
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

  it('a kind that there is not', () => assert.ok(!manifestSchema.safeParse({ ...plan(), kind: 'Pod' }).success));
  it('the manifest of another kind', () => assert.ok(!manifestSchemas.Region.safeParse(plan()).success));
});

describe('the kinds of manifest', () => {
  it('are applied in an order in which each finds what it refers to', () =>
    assert.deepEqual(resourceKinds, ['Region', 'Plan', 'TenantTemplate', 'Tenant']));
  it('are all in the union', () => {
    assert.deepEqual(Object.keys(manifestSchemas).toSorted(), resourceKinds.toSorted());
    for (const manifest of [region(), plan(), tenant()])
      assert.equal(manifestSchema.parse(manifest).kind, manifest['kind']);
  });
});
