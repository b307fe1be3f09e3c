import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { lifecycleStates } from '../../../contracts/lifecycle.ts';
import { conditionStatuses } from '../../../contracts/manifests/tenant.ts';
import { conditionTypes } from '../../../domain/conditions.ts';
import { facetsOf } from '../../../domain/tenant-facets.ts';
import { fitsFilter, parseTenantFilter } from '../../../domain/tenant-filter.ts';
import type { TenantFilterText } from '../../../domain/tenant-filter.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { askings, filterText, fits, labelKeys, labelValues, plans, regions } from '../../harness/tenant-filters.ts';

describe('a filter of tenants', () => {
  it('leaves out deleted tenants unless they are requested', () => {
    const living = ['Draft', 'Active', 'Suspended', 'Archived'];
    assert.deepEqual(parseTenantFilter({}).lifecycles, living);
    assert.deepEqual(parseTenantFilter({ showDeleted: 'false', lifecycle: ' ' }).lifecycles, living);
    assert.deepEqual(parseTenantFilter({ showDeleted: 'true' }).lifecycles, [...living, 'Deleted']);
    assert.deepEqual(parseTenantFilter({ lifecycle: 'Deleted' }).lifecycles, ['Deleted']);
    assert.deepEqual(parseTenantFilter({ lifecycle: 'Deleted, Active', showDeleted: 'false' }).lifecycles, [
      'Active',
      'Deleted',
    ]);
  });

  it('is the same value for texts with the same meaning', () => {
    assert.deepEqual(
      parseTenantFilter({ lifecycle: 'Active,Draft', labelSelector: 'a==b, c' }),
      parseTenantFilter({ lifecycle: 'Draft,Active,Active', labelSelector: 'a in (b),c', showDeleted: 'false' }),
    );
  });

  it('treats a negated condition as a list of the other statuses', () => {
    const { requirements } = parseTenantFilter({ condition: 'IsolationVerified!=True' });
    assert.deepEqual(requirements, [
      { must: 'haveOneOf', facets: ['condition:IsolationVerified=False', 'condition:IsolationVerified=Unknown'] },
    ]);
  });

  const refused: readonly (readonly [TenantFilterText, pointer: string, allows: string])[] = [
    [{ lifecycle: 'active' }, '/lifecycle', 'Active'],
    [{ lifecycle: 'Active,' }, '/lifecycle', 'Active'],
    [{ condition: 'Ready' }, '/condition', 'TYPE=STATUS'],
    [{ condition: 'Redy=True' }, '/condition', 'Ready'],
    [{ condition: 'Ready=true' }, '/condition', 'True'],
    [{ condition: 'Ready==True' }, '/condition', 'True'],
    [{ condition: 'Ready=True,=False' }, '/condition', 'Ready'],
  ];
  for (const [text, pointer, allows] of refused) {
    it(`is refused with the allowed values: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseTenantFilter(text),
        (error) =>
          error instanceof TenureError &&
          error.code === 'request_invalid' &&
          error.errors[0]?.pointer === pointer &&
          error.errors[0].allowed?.includes(allows) === true,
      );
    });
  }
});

describe('the facets of a tenant', () => {
  const bare = { spec: { plan: 'startup' }, labels: {}, placement: null, conditions: [] };

  it('hold exactly one status of each condition, and a missing one is Unknown', () => {
    const facets = facetsOf({
      ...bare,
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'OfLater', status: 'True' },
      ],
    });
    assert.deepEqual(facets.filter((facet) => facet.startsWith('condition:')).toSorted(), [
      'condition:Applied=Unknown',
      'condition:DeletionBlocked=Unknown',
      'condition:InSync=Unknown',
      'condition:IsolationVerified=Unknown',
      'condition:Placed=Unknown',
      'condition:PolicyCompliant=Unknown',
      'condition:Provisioned=Unknown',
      'condition:QuotaSatisfied=Unknown',
      'condition:Ready=False',
      'condition:ResidencyCompliant=Unknown',
    ]);
  });

  it('distinguish a label from its value, and from other labels', () => {
    const facets = facetsOf({
      ...bare,
      labels: { env: 'prod', 'env.x': '' },
      placement: { region: 'eu', cell: 'eu-a', mode: 'dedicated', database: 'd' },
    });
    assert.deepEqual(
      facets.filter((facet) => !facet.startsWith('condition:')),
      ['tenant', 'plan:startup', 'region:eu', 'label:env', 'label:env=prod', 'label:env.x', 'label:env.x='],
    );
  });
});

describe('the match of one tenant and a filter', () => {
  const tenants = fc.record({
    name: fc.constantFrom('t1', 't10', 'u1'),
    labels: fc.dictionary(labelKeys, labelValues, { maxKeys: 4, noNullPrototype: true }),
    spec: fc.record({ plan: fc.constantFrom(...plans) }),
    lifecycle: fc.constantFrom(...lifecycleStates),
    placement: fc.option(
      fc
        .constantFrom(...regions)
        .map((region) => ({ region, cell: `${region}-a`, mode: 'dedicated' as const, database: 'd' })),
      { nil: null },
    ),
    conditions: fc.uniqueArray(
      fc.record({
        type: fc.constantFrom(...conditionTypes.slice(0, 2)),
        status: fc.constantFrom(...conditionStatuses),
      }),
      { selector: ({ type }) => type },
    ),
  });

  it('follows the meaning of the filter, as in a search', () => {
    fc.assert(
      fc.property(tenants, askings, (tenant, asked) =>
        assert.equal(
          fitsFilter(parseTenantFilter(filterText(asked)), tenant, new Set(facetsOf(tenant))),
          fits(tenant, asked),
        ),
      ),
      { numRuns: 2_000 },
    );
  });
});
