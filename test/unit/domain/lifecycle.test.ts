import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lifecycleStates, operationKinds } from '../../../contracts/lifecycle.ts';
import { reachableFrom, stateAfterCompensation, stateAfterSuccess, transitionBetween, transitions } from '../../../domain/lifecycle.ts';
import { plannedStep, stepPlans } from '../../../domain/step-plan.ts';
import type { PlannedStep } from '../../../domain/step-plan.ts';

describe('the transition table', () => {
  it('has exactly one transition for every kind of operation, so that success and failure lead to one state each', () => {
    assert.deepEqual(transitions.map(({ path }) => path).toSorted(), operationKinds.toSorted());
  });

  it('has at most one way from one state to another, and none to itself', () => {
    const ways = transitions.map(({ from, to }) => `${from} ${to}`);
    assert.equal(new Set(ways).size, ways.length);
    for (const { from, to } of transitions) assert.notEqual(from, to);
  });

  it('names only states of the contract', () => {
    for (const { from, to } of transitions) for (const state of [from, to]) assert.ok(lifecycleStates.includes(state), state);
  });

  it('never leads back to Draft, and every state in it is reached from there', () => {
    const reached = new Set(['Draft']);
    for (let before = 0; before < reached.size; ) {
      before = reached.size;
      for (const { from, to } of transitions) if (reached.has(from)) reached.add(to);
    }
    for (const { from, to } of transitions) {
      assert.notEqual(to, 'Draft');
      assert.ok(reached.has(from), from);
    }
  });

  it('is what the look-ups say', () => {
    for (const from of lifecycleStates) {
      assert.deepEqual(reachableFrom(from), transitions.filter((transition) => transition.from === from).map(({ to }) => to));
      for (const to of lifecycleStates) {
        const transition = transitionBetween(from, to);
        assert.equal(transition !== undefined, reachableFrom(from).includes(to), `${from} to ${to}`);
        if (transition !== undefined) assert.deepEqual([transition.from, transition.to], [from, to]);
      }
    }
  });

  for (const kind of operationKinds) {
    it(`leads an operation "${kind}" to where it goes, and back to where it came from when it is undone`, () => {
      const [from, to] = [stateAfterCompensation(kind), stateAfterSuccess(kind)];
      assert.equal(transitionBetween(from, to)?.path, kind);
    });
  }

  it('activates a Draft', () => {
    assert.deepEqual([stateAfterCompensation('activate'), stateAfterSuccess('activate')], ['Draft', 'Active']);
  });
});

describe('the step plans', () => {
  it('are one for every kind of operation', () => assert.deepEqual(Object.keys(stepPlans).toSorted(), operationKinds.toSorted()));

  for (const kind of operationKinds) {
    const steps: readonly PlannedStep[] = stepPlans[kind];

    it(`of "${kind}" give every step a key of its own, fit for a field name and a failpoint`, () => {
      const keys = steps.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length);
      for (const key of keys) assert.match(key, /^[a-z]+(-[a-z]+)*$/);
    });

    it(`of "${kind}" find each step by its key, and say so when there is none`, () => {
      for (const step of steps) assert.equal(plannedStep(kind, step.key), step);
      assert.throws(() => plannedStep(kind, 'no-such-step'), /no step "no-such-step"/);
    });

    it(`of "${kind}" say of every step what it does, in one line`, () => {
      for (const { title } of steps) assert.match(title, /^[A-Z][^\n]{3,60}$/);
    });
  }

  it('of an activation choose the place before anything is made there, and probe the boundary last', () => {
    const steps: readonly PlannedStep[] = stepPlans.activate;
    const firstInCell = steps.findIndex(({ scope }) => scope === 'cell');
    assert.ok(firstInCell > 0);
    assert.deepEqual(steps.slice(firstInCell).map(({ scope }) => scope).filter((scope) => scope !== 'cell'), []);
    assert.deepEqual(
      steps.map(({ key }) => key),
      ['place', 'issue-keys', 'claim-database', 'create-collections', 'create-roles', 'create-user', 'probe-isolation'],
      'keys are stable for ever: operations that are running know them',
    );
  });
});
