import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lifecycleStates, operationKinds } from '../../../contracts/lifecycle.ts';
import type { LifecycleState, OperationKind } from '../../../contracts/lifecycle.ts';
import { pathsFrom } from '../../../domain/lifecycle.ts';
import { isFulfilled, isAlreadyRunning, planTenantVerb } from '../../../domain/tenant-verb.ts';
import type { TenantVerb, VerbTenant } from '../../../domain/tenant-verb.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

function verbOf(path: OperationKind): TenantVerb {
  if (path === 'change_plan') return { path, plan: 'enterprise' };
  return path === 'purge' ? { path, early: false } : { path };
}

function tenantIn(lifecycle: LifecycleState, from: 'Draft' | 'Archived' = 'Archived'): VerbTenant {
  const declared = lifecycle === 'Deleted' ? from : lifecycle;
  const spec = {
    plan: 'startup',
    lifecycle: declared,
    services: [{ name: 's', strategy: 'dedicated' as const, collections: [{ name: 'c', indexes: [] }] }],
  };
  return { spec, lifecycle, placement: null, owners: {}, deletion: lifecycle === 'Deleted' ? { from } : null };
}

describe('a verb', () => {
  for (const path of operationKinds) {
    for (const state of lifecycleStates) {
      const allowed = pathsFrom(state).includes(path);
      it(`${path} of a tenant that is ${state} is ${allowed ? 'accepted' : 'refused with the possible paths'}`, () => {
        const tenant = tenantIn(state);
        if (allowed) {
          const {
            legs: [{ transition, assign }],
            spec,
          } = planTenantVerb(verbOf(path), tenant);
          assert.deepEqual([transition.path, transition.from], [path, state]);
          assert.deepEqual(spec, { ...tenant.spec, ...assign });
        } else {
          assert.throws(
            () => planTenantVerb(verbOf(path), tenant),
            (error) =>
              error instanceof TenureError &&
              error.code === 'transition_not_allowed' &&
              assert.deepEqual(error.errors[0]?.allowed, pathsFrom(state)) === undefined,
          );
        }
      });
    }
  }

  it('writes the lifecycle that a manifest could declare, and nothing for a deletion', () => {
    const written = (path: OperationKind, state: LifecycleState) =>
      planTenantVerb(verbOf(path), tenantIn(state)).legs[0].assign;
    assert.deepEqual(written('suspend', 'Active'), { lifecycle: 'Suspended' });
    assert.deepEqual(written('reactivate', 'Archived'), { lifecycle: 'Active' });
    assert.deepEqual(written('change_plan', 'Suspended'), { plan: 'enterprise' });
    for (const [path, state] of [
      ['delete', 'Archived'],
      ['undelete', 'Deleted'],
      ['purge', 'Deleted'],
      ['reconcile', 'Active'],
    ] as const)
      assert.deepEqual(written(path, state), {});
  });

  it('returns a deleted tenant to the state it was deleted from', () => {
    for (const from of ['Draft', 'Archived'] as const)
      assert.equal(planTenantVerb({ path: 'undelete' }, tenantIn('Deleted', from)).legs[0].transition.to, from);
  });

  it('changes nothing if the tenant is already in its state', () => {
    assert.ok(isFulfilled({ path: 'suspend' }, tenantIn('Suspended')));
    assert.ok(isFulfilled({ path: 'resume' }, tenantIn('Active')));
    assert.ok(isFulfilled({ path: 'delete' }, tenantIn('Deleted')));
    assert.ok(isFulfilled({ path: 'change_plan', plan: 'startup' }, tenantIn('Active')));
    assert.ok(!isFulfilled({ path: 'reconcile' }, tenantIn('Active')), 'a reconcile looks for drift each time');
  });

  it('is under way if an operation does the same; another plan is not the same', () => {
    assert.ok(isAlreadyRunning({ path: 'suspend' }, { kind: 'suspend', assign: { lifecycle: 'Suspended' } }));
    assert.ok(!isAlreadyRunning({ path: 'suspend' }, { kind: 'reconcile', assign: {} }));
    assert.ok(
      isAlreadyRunning(
        { path: 'change_plan', plan: 'enterprise' },
        { kind: 'change_plan', assign: { plan: 'enterprise' } },
      ),
    );
    assert.ok(
      !isAlreadyRunning(
        { path: 'change_plan', plan: 'startup' },
        { kind: 'change_plan', assign: { plan: 'enterprise' } },
      ),
    );
  });
});
