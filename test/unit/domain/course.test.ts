import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { declarableLifecycles } from '../../../contracts/lifecycle.ts';
import { courseOf, routeBetween, unfold } from '../../../domain/course.ts';
import type { FieldChange } from '../../../domain/course.ts';
import { transitionsOn } from '../../../domain/lifecycle.ts';
import { restoredBy, withFields } from '../../../domain/spec-fields.ts';
import type { CompleteSpec } from '../../../domain/spec-fields.ts';
import { tenantSpecs } from './specs.ts';

const changedFields = fc.subarray(['plan', 'services', 'config'] as const);

/** Two specs that differ in lifecycle and in fields that operations change, with the course between them. */
const courses = fc
  .tuple(
    tenantSpecs,
    tenantSpecs,
    changedFields,
    fc.constantFrom(...declarableLifecycles),
    fc.constantFrom(...declarableLifecycles),
  )
  .map(([one, other, fields, from, to]) => {
    const before: CompleteSpec = { ...one, lifecycle: from };
    const final: CompleteSpec = {
      ...before,
      lifecycle: to,
      ...Object.fromEntries(fields.filter((field) => other[field] !== undefined).map((field) => [field, other[field]])),
    };
    const assigned = fields.filter((field) => other[field] !== undefined);
    const changes: FieldChange[] = [
      ...(assigned.includes('plan') ? [{ path: 'change_plan', assign: { plan: final.plan } } as const] : []),
      ...(assigned.some((field) => field !== 'plan')
        ? [
            {
              path: 'reconcile',
              assign: Object.fromEntries(
                assigned.filter((field) => field !== 'plan').map((field) => [field, final[field]]),
              ),
            } as const,
          ]
        : []),
    ];
    const route = routeBetween(from, to);
    return {
      before,
      final,
      from,
      to,
      route,
      ...(route === undefined ? { legs: [], impossible: [] } : courseOf(from, route, changes)),
    };
  });

describe('a course', () => {
  it('is continuous: each leg starts where the previous one ends, and the last one ends in the target state', () => {
    fc.assert(
      fc.property(courses, ({ from, to, route, legs }) => {
        fc.pre(route !== undefined);
        let state: string = from;
        for (const { transition } of legs) {
          assert.equal(transition.from, state);
          assert.deepEqual(transitionsOn(transition.path, transition.from).includes(transition as never), true);
          state = transition.to;
        }
        assert.equal(state, to);
      }),
    );
  });

  it('revokes access first and grants it last: a field changes in Active only if no other state allows it', () => {
    fc.assert(
      fc.property(courses, ({ from, route, legs }) => {
        fc.pre(route !== undefined && from !== 'Draft');
        const states = new Set([from, ...(route ?? []).map(({ to }) => to)]);
        for (const { transition } of legs)
          if (transition.from === transition.to && transition.from === 'Active')
            for (const state of ['Suspended', 'Archived'] as const)
              assert.ok(!states.has(state) || transitionsOn(transition.path, state).length === 0);
      }),
    );
  });

  it('ends with the declared spec; undoing a leg restores the spec from before that leg', () => {
    fc.assert(
      fc.property(courses, ({ before, final, route, legs, impossible }) => {
        fc.pre(route !== undefined && impossible.length === 0);
        const unfolded = unfold(legs, before, final);
        if (unfolded.length > 0) assert.deepEqual(unfolded.at(-1)?.spec, final);
        let standing = before;
        for (const leg of unfolded) {
          assert.deepEqual(
            withFields(final, restoredBy(leg)),
            standing,
            'the declared spec, with the fields that are not reached restored',
          );
          assert.deepEqual(withFields(final, leg.deferred), leg.spec, 'the declared spec, without later fields');
          standing = leg.spec;
        }
      }),
    );
  });
});
