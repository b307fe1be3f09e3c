import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import {
  declarableLifecycles,
  isolationModes,
  lifecycleStates,
  serviceStrategies,
} from '../../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../../contracts/manifests/tenant.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { offeredModes, offeredStrategies } from '../../../domain/isolation.ts';
import { routeBetween } from '../../../domain/course.ts';
import { reachableFrom } from '../../../domain/lifecycle.ts';
import { fieldsBefore, withFields } from '../../../domain/spec-fields.ts';
import { planTenantChange } from '../../../domain/tenant-change.ts';
import type { CurrentTenant, TenantChange } from '../../../domain/tenant-change.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { regionNames, residencies, tenantSpecs } from './specs.ts';

const plan = (declared: TenantSpec, current?: CurrentTenant): TenantChange =>
  planTenantChange(declared, current, isDeepStrictEqual);

/** The paths of the operations that a change takes, in order. */
const pathsOf = ({ legs }: TenantChange): string[] => legs.map(({ transition }) => transition.path);

const lifecycles = fc.constantFrom(...declarableLifecycles);
const owners = {};
const placement = { region: 'eu-west', cell: 'eu-west-0', mode: 'dedicated', database: 'tenant_x' } as const;

/** A tenant that is as declared: Draft or Active. */
const settled = fc
  .tuple(tenantSpecs, fc.constantFrom('Draft' as const, 'Active' as const))
  .map(([spec, lifecycle]): CurrentTenant => ({
    spec: { ...spec, lifecycle },
    lifecycle,
    placement: lifecycle === 'Draft' ? null : placement,
    owners,
  }));
const active = settled.filter(({ lifecycle }) => lifecycle === 'Active');

function without(spec: TenantSpec, ...fields: (keyof TenantSpec)[]): TenantSpec {
  return Object.fromEntries(
    Object.entries(spec).filter(([field]) => !fields.includes(field as keyof TenantSpec)),
  ) as TenantSpec;
}

/** Asserts a refusal and returns the fields it names. */
function refusal(code: ProblemCode, work: () => unknown): (string | undefined)[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof TenureError);
    assert.equal(error.code, code);
    assert.ok(error.errors.length > 0);
    return error.errors.map(({ pointer }) => pointer);
  }
  return assert.fail(`not refused as ${code}`);
}

describe('a declaration', () => {
  it('without lifecycle and placement leaves both unchanged', () => {
    fc.assert(
      fc.property(settled, (current) => {
        assert.deepEqual(plan(without(current.spec, 'lifecycle', 'placement'), current), {
          spec: current.spec,
          legs: [],
        });
      }),
    );
  });

  it('with one part of the placement leaves the other unchanged', () => {
    const spec: TenantSpec = {
      ...fc.sample(tenantSpecs, 1)[0]!,
      lifecycle: 'Draft',
      placement: { mode: 'dedicated', preferredRegion: 'eu-west' },
    };
    const draft: CurrentTenant = { spec, lifecycle: 'Draft', placement: null, owners };
    assert.deepEqual(plan({ ...spec, placement: { preferredRegion: 'us-east' } }, draft).spec.placement, {
      mode: 'dedicated',
      preferredRegion: 'us-east',
    });
    assert.deepEqual(plan({ ...spec, placement: { mode: 'dedicated' } }, draft).spec.placement, spec.placement);
  });

  it('with an empty placement equals one without a placement, so that leaving it out later is not a change', () => {
    fc.assert(
      fc.property(tenantSpecs, (spec) =>
        assert.deepEqual(plan({ ...spec, placement: {} }), plan(without(spec, 'placement'))),
      ),
    );
  });

  it('of a new tenant without a lifecycle creates a Draft and starts nothing', () => {
    fc.assert(
      fc.property(tenantSpecs, (declared) => {
        assert.deepEqual(plan(declared), { spec: { ...declared, lifecycle: 'Draft' }, legs: [] });
      }),
    );
  });

  it('of the current state starts nothing, however often it is repeated', () => {
    fc.assert(
      fc.property(settled, tenantSpecs, lifecycles, (current, next, lifecycle) => {
        const declared = current.lifecycle === 'Draft' ? { ...next, lifecycle } : current.spec;
        const reachable =
          declared.lifecycle === current.lifecycle || routeBetween(current.lifecycle, lifecycle) !== undefined;
        fc.pre(reachable);
        const { spec } = plan(declared, current);
        const reached: CurrentTenant = {
          spec,
          lifecycle: spec.lifecycle,
          placement: spec.lifecycle === 'Draft' ? null : placement,
          owners,
        };
        assert.deepEqual(plan(declared, reached), { spec, legs: [] });
        assert.deepEqual(plan(spec, reached), { spec, legs: [] });
      }),
    );
  });

  it('takes the fewest transitions to the declared lifecycle, and is refused if there are none', () => {
    const ways: Record<string, string[]> = {
      'Draft Draft': [],
      'Draft Active': ['activate'],
      'Draft Suspended': ['activate', 'suspend'],
      'Draft Archived': ['activate', 'suspend', 'archive'],
      'Active Active': [],
      'Active Suspended': ['suspend'],
      'Active Archived': ['suspend', 'archive'],
      'Suspended Active': ['resume'],
      'Suspended Suspended': [],
      'Suspended Archived': ['archive'],
      'Archived Active': ['reactivate'],
      'Archived Suspended': ['reactivate', 'suspend'],
      'Archived Archived': [],
    };
    for (const from of lifecycleStates) {
      for (const lifecycle of declarableLifecycles) {
        const spec: TenantSpec = {
          plan: 'p',
          services: [{ name: 's', strategy: 'dedicated', collections: [{ name: 'c', indexes: [] }] }],
          lifecycle,
        };
        const current: CurrentTenant = { spec, lifecycle: from, placement: null, owners };
        const paths = ways[`${from} ${lifecycle}`];
        if (from === 'Deleted') assert.throws(() => plan(spec, current), { code: 'tenant_deleted' });
        else if (paths !== undefined) assert.deepEqual(pathsOf(plan(spec, current)), paths);
        else
          assert.deepEqual(
            refusal('transition_not_allowed', () => plan(spec, current)),
            ['/spec/lifecycle'],
          );
      }
    }
  });

  it('that is refused for its transition lists the allowed lifecycles', () => {
    const spec: TenantSpec = { ...fc.sample(tenantSpecs, 1)[0]!, lifecycle: 'Draft' };
    assert.throws(
      () => plan(spec, { spec: { ...spec, lifecycle: 'Archived' }, lifecycle: 'Archived', placement, owners }),
      (error) =>
        error instanceof TenureError &&
        isDeepStrictEqual(error.errors[0]?.allowed?.toSorted(), ['Active', 'Archived', 'Suspended']) &&
        isDeepStrictEqual(new Set(reachableFrom('Archived')), new Set(['Active', 'Suspended'])),
    );
  });

  it('of a new tenant may contain a hold', () => {
    const spec: TenantSpec = { ...fc.sample(tenantSpecs, 1)[0]!, hold: { reason: 'court' } };
    assert.deepEqual(plan(spec).spec.hold, { reason: 'court' });
  });

  it('is never modified, nor is the current tenant', () => {
    fc.assert(
      fc.property(tenantSpecs, settled, (declared, current) => {
        const before = structuredClone([declared, current]);
        try {
          plan(declared, current);
        } catch (error) {
          assert.ok(error instanceof TenureError);
        }
        assert.deepEqual([declared, current], before);
      }),
    );
  });
});

describe('a placed tenant', () => {
  it('keeps its preferred region', () => {
    fc.assert(
      fc.property(active, fc.constantFrom(...regionNames), (current, preferredRegion) => {
        fc.pre(preferredRegion !== current.spec.placement?.preferredRegion);
        const declared = { ...current.spec, placement: { preferredRegion } };
        assert.deepEqual(
          refusal('placement_immutable', () => plan(declared, current)),
          ['/spec/placement/preferredRegion'],
        );
      }),
    );
  });

  it('keeps its isolation mode', () => {
    fc.assert(
      fc.property(active, (current) => {
        const placed: CurrentTenant = { ...current, placement: { ...placement, mode: 'schema' } };
        const declared = { ...current.spec, placement: { ...current.spec.placement, mode: 'dedicated' as const } };
        assert.deepEqual(
          refusal('placement_immutable', () => plan(declared, placed)),
          ['/spec/placement/mode'],
        );
      }),
    );
  });
});

describe('a tenant that is not a Draft', () => {
  const one: TenantSpec = {
    plan: 'p',
    services: [{ name: 's', strategy: 'dedicated', collections: [{ name: 'c', indexes: [] }] }],
    lifecycle: 'Active',
  };
  const standing: CurrentTenant = { spec: one, lifecycle: 'Active', placement, owners };
  const more: TenantSpec = {
    ...one,
    services: [...one.services, { name: 't', strategy: 'dedicated', collections: [{ name: 'd', indexes: [] }] }],
  };

  it('changes its plan by an operation that can restore the old one', () => {
    fc.assert(
      fc.property(active, (current) => {
        const { legs } = plan({ ...current.spec, plan: 'another' }, current);
        assert.deepEqual(
          legs.map(({ transition, assign }) => [transition.path, assign]),
          [['change_plan', { plan: 'another' }]],
        );
        assert.deepEqual(fieldsBefore({ plan: 'another' }, current.spec), { plan: current.spec.plan });
      }),
    );
  });

  it('gets more collections by a reconciliation', () => {
    assert.deepEqual(
      plan(more, standing).legs.map(({ transition, assign }) => [transition.path, assign]),
      [['reconcile', { services: more.services }]],
    );
  });

  it('cannot lose a collection by leaving it out', () => {
    const fewer = { ...standing, spec: more };
    assert.deepEqual(
      refusal('change_not_available', () => plan(one, fewer)),
      ['/spec/services'],
    );
  });

  it('changes its residency without an operation', () => {
    fc.assert(
      fc.property(active, residencies, (current, residency) =>
        assert.deepEqual(plan({ ...current.spec, residency }, current).legs, []),
      ),
    );
  });

  it('takes several operations if needed: revokes access first, grants it last, changes plan before services', () => {
    const suspended: CurrentTenant = { ...standing, lifecycle: 'Suspended', spec: { ...one, lifecycle: 'Suspended' } };
    const archived: CurrentTenant = { ...standing, lifecycle: 'Archived', spec: { ...one, lifecycle: 'Archived' } };
    assert.deepEqual(pathsOf(plan({ ...more, plan: 'q' }, standing)), ['change_plan', 'reconcile']);
    assert.deepEqual(pathsOf(plan({ ...more, plan: 'q', lifecycle: 'Suspended' }, standing)), [
      'suspend',
      'change_plan',
      'reconcile',
    ]);
    assert.deepEqual(pathsOf(plan({ ...more, plan: 'q', lifecycle: 'Archived' }, standing)), [
      'suspend',
      'change_plan',
      'reconcile',
      'archive',
    ]);
    assert.deepEqual(pathsOf(plan({ ...more, plan: 'q' }, suspended)), ['change_plan', 'reconcile', 'resume']);
    assert.deepEqual(pathsOf(plan({ ...more, plan: 'q' }, archived)), ['reconcile', 'reactivate', 'change_plan']);
  });

  it('cannot change its plan while it is Archived', () => {
    const archived: CurrentTenant = { ...standing, lifecycle: 'Archived', spec: { ...one, lifecycle: 'Archived' } };
    assert.deepEqual(
      refusal('change_not_available', () => plan({ ...archived.spec, plan: 'q' }, archived)),
      ['/spec/plan'],
    );
  });

  it('may change its display name', () => {
    fc.assert(
      fc.property(active, (current) =>
        assert.equal(plan({ ...current.spec, displayName: 'Another' }, current).spec.displayName, 'Another'),
      ),
    );
  });

  it('is not resumed by an apply after a verb suspended it, unless the apply is forced', () => {
    const suspended: CurrentTenant = {
      spec: { ...one, lifecycle: 'Suspended' },
      lifecycle: 'Suspended',
      placement,
      owners: { lifecycle: { verb: 'suspend' } },
    };
    assert.deepEqual(
      refusal('field_owned', () => plan(one, suspended)),
      ['/spec/lifecycle'],
    );
    assert.deepEqual(pathsOf(planTenantChange(one, suspended, isDeepStrictEqual, { force: true })), ['resume']);
    assert.deepEqual(plan({ ...one, lifecycle: 'Suspended' }, suspended).legs, []);
    assert.deepEqual(plan({ ...without(one, 'lifecycle'), displayName: 'x' }, suspended).legs, []);
  });

  it('keeps its hold, whatever is applied, forced or not', () => {
    const held: CurrentTenant = { ...standing, spec: { ...one, hold: { reason: 'court' } } };
    assert.deepEqual(plan(one, held).spec.hold, { reason: 'court' });
    for (const force of [false, true]) {
      assert.throws(() => planTenantChange({ ...one, hold: { reason: 'other' } }, held, isDeepStrictEqual, { force }), {
        code: 'tenant_held',
      });
      assert.throws(
        () => planTenantChange({ ...one, hold: { reason: 'court' } }, standing, isDeepStrictEqual, { force }),
        { code: 'tenant_held' },
      );
    }
  });
});

describe('the fields that an operation writes', () => {
  it('are restored exactly, whatever they were', () => {
    fc.assert(
      fc.property(
        settled,
        tenantSpecs,
        fc.subarray(['plan', 'services', 'displayName', 'residency'] as const),
        (current, next, fields) => {
          const assign = Object.fromEntries(
            fields.filter((field) => next[field] !== undefined).map((field) => [field, next[field]]),
          );
          const before = { ...current.spec, lifecycle: 'Active' as const };
          assert.deepEqual(withFields({ ...before, ...assign }, fieldsBefore(assign, before)), before);
        },
      ),
    );
  });
});

describe('isolation that this version does not offer', () => {
  for (const mode of isolationModes.filter((one) => !offeredModes.includes(one))) {
    it(`is refused as mode "${mode}"`, () => {
      const declared: TenantSpec = { ...fc.sample(tenantSpecs, 1)[0]!, placement: { mode } };
      assert.deepEqual(
        refusal('isolation_not_available', () => plan(declared)),
        ['/spec/placement/mode'],
      );
    });
  }
  for (const strategy of serviceStrategies.filter((one) => !offeredStrategies.includes(one))) {
    it(`is refused as strategy "${strategy}" of the service that asks for it`, () => {
      const service = { name: 's', strategy: 'dedicated', collections: [{ name: 'c', indexes: [] }] } as const;
      const declared: TenantSpec = {
        plan: 'p',
        services: [
          { ...service, collections: [...service.collections.map((one) => ({ ...one, indexes: [] }))] },
          { name: 't', strategy, collections: [{ name: 'd', indexes: [] }] },
        ],
      };
      for (const mode of offeredModes) {
        const undecided = {
          ...declared,
          placement: { mode },
          services: declared.services.map((one) =>
            one.strategy === strategy ? one : { name: one.name, collections: one.collections },
          ),
        };
        assert.deepEqual(
          refusal('isolation_not_available', () => plan(undecided)),
          ['/spec/services/1/strategy'],
        );
      }
    });
  }
});
