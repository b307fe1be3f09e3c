import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { conditionSchema } from '../../../contracts/manifests/tenant.ts';
import type { Condition } from '../../../contracts/manifests/tenant.ts';
import { updateConditions } from '../../../domain/conditions.ts';
import type { ConditionType, ConditionUpdate } from '../../../domain/conditions.ts';

const types: readonly ConditionType[] = [
  'Ready',
  'Provisioned',
  'Placed',
  'ResidencyCompliant',
  'PolicyCompliant',
  'IsolationVerified',
];
const statuses = ['True', 'False', 'Unknown'] as const;
const time = fc.integer({ min: 0, max: 9 }).map((day) => `2026-01-0${day + 1}T00:00:00.000Z`.replace('010T', '10T'));
const at = fc.record({ time, generation: fc.nat({ max: 9 }) });

const updates: fc.Arbitrary<ConditionUpdate[]> = fc.uniqueArray(
  fc.record({
    type: fc.constantFrom(...types),
    status: fc.constantFrom(...statuses),
    reason: fc.constantFrom('Resolved', 'Undone'),
    message: fc.string({ maxLength: 5 }),
  }),
  { selector: ({ type }) => type },
);

/** Conditions that result from a history of updates. */
const conditions: fc.Arbitrary<Condition[]> = fc
  .array(fc.tuple(updates, at), { maxLength: 4 })
  .map((history) => history.reduce<Condition[]>((sofar, [update, when]) => updateConditions(sofar, update, when), []));

const of = (list: readonly Condition[], type: string): Condition | undefined =>
  list.find((condition) => condition.type === type);

describe('conditions', () => {
  it('have the values and the generation of an update after it', () => {
    fc.assert(
      fc.property(conditions, updates, at, (before, update, when) => {
        const after = updateConditions(before, update, when);
        for (const one of update)
          assert.partialDeepStrictEqual(of(after, one.type), { ...one, observedGeneration: when.generation });
      }),
    );
  });

  it('change lastTransitionTime if the status changes, and only then', () => {
    fc.assert(
      fc.property(conditions, updates, at, (before, update, when) => {
        const after = updateConditions(before, update, when);
        for (const { type, status } of update) {
          const old = of(before, type);
          assert.equal(
            of(after, type)?.lastTransitionTime,
            old?.status === status ? old.lastTransitionTime : when.time,
          );
        }
      }),
    );
  });

  it('stay unchanged if they are not updated', () => {
    fc.assert(
      fc.property(conditions, updates, at, (before, update, when) => {
        const after = updateConditions(before, update, when);
        for (const old of before)
          if (update.every(({ type }) => type !== old.type)) assert.deepEqual(of(after, old.type), old);
      }),
    );
  });

  it('are sorted, one of each type, whatever the order of the updates', () => {
    fc.assert(
      fc.property(conditions, updates, at, (before, update, when) => {
        const after = updateConditions(before, update, when);
        const seen = after.map(({ type }) => type);
        assert.deepEqual(seen, [...new Set(seen)].toSorted());
        assert.deepEqual(updateConditions(before.toReversed(), update.toReversed(), when), after);
      }),
    );
  });

  it('do not change when the same update is repeated, even later', () => {
    fc.assert(
      fc.property(conditions, updates, at, time, (before, update, when, later) => {
        const after = updateConditions(before, update, when);
        assert.deepEqual(updateConditions(after, update, { ...when, time: later }), after);
      }),
    );
  });

  it('match the schema of the contract, and an update does not change its input', () => {
    fc.assert(
      fc.property(conditions, updates, at, (before, update, when) => {
        const copy = structuredClone(before);
        for (const condition of updateConditions(before, update, when))
          assert.deepEqual(conditionSchema.parse(condition), condition);
        assert.deepEqual(before, copy);
      }),
    );
  });
});
