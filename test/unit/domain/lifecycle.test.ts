import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lifecycleStates, operationKinds, transitions } from '../../../contracts/lifecycle.ts';
import { mayPreempt, pathsFrom, transitionsOn } from '../../../domain/lifecycle.ts';
import { isReversible, plannedStep, stepPlans, stepsOf } from '../../../domain/step-plan.ts';

describe('the transition table', () => {
  it('has a transition for every path, and only paths of the contract', () => {
    assert.deepEqual([...new Set(transitions.map(({ path }) => path))].toSorted(), operationKinds.toSorted());
  });

  it('has at most one transition from one state to another, except for paths that change no state', () => {
    const ways = transitions.filter(({ from, to }) => to !== (from as string)).map(({ from, to }) => `${from} ${to}`);
    assert.equal(new Set(ways).size, ways.length);
  });

  it('names only states of the contract', () => {
    const ends: readonly string[] = [...lifecycleStates, 'Purged'];
    for (const { from, to } of transitions) for (const state of [from, to]) assert.ok(ends.includes(state), state);
  });

  it('reaches every state from Draft, and has a path from every state', () => {
    const reached = new Set<string>(['Draft']);
    for (let before = 0; before < reached.size;) {
      before = reached.size;
      for (const { from, to } of transitions) if (reached.has(from)) reached.add(to);
    }
    for (const state of lifecycleStates) {
      assert.ok(reached.has(state), state);
      assert.ok(pathsFrom(state).length > 0, state);
    }
  });

  it('leaves Deleted only by undelete and purge, and reaches Purged only from Deleted', () => {
    assert.deepEqual(pathsFrom('Deleted'), ['undelete', 'purge']);
    assert.deepEqual(
      transitions.filter(({ to }) => to === 'Purged').map(({ path, from }) => [path, from]),
      [['purge', 'Deleted']],
    );
  });

  it('matches the lookup functions', () => {
    for (const from of lifecycleStates) {
      for (const path of operationKinds) {
        const ways = transitions.filter((way) => way.from === from && way.path === path);
        assert.deepEqual(transitionsOn(path, from), ways);
        assert.equal(pathsFrom(from).includes(path), ways.length > 0);
      }
    }
  });

  it('has at most one transition for a path from a state, except for undelete, which has two', () => {
    for (const from of lifecycleStates)
      for (const path of operationKinds)
        assert.ok(transitionsOn(path, from).length <= (path === 'undelete' ? 2 : 1), `${path} from ${from}`);
  });

  it('allows no path to preempt a purge or an operation of its own kind', () => {
    for (const path of operationKinds) {
      for (const from of lifecycleStates) {
        assert.equal(mayPreempt(path, { kind: 'purge', from }), false);
        assert.equal(mayPreempt(path, { kind: path, from }), false);
        for (const kind of operationKinds)
          if (mayPreempt(path, { kind, from })) assert.ok(pathsFrom(from).includes(path));
      }
    }
    assert.equal(mayPreempt('suspend', { kind: 'reconcile', from: 'Active' }), true);
    assert.equal(mayPreempt('suspend', { kind: 'activate', from: 'Draft' }), false);
    assert.equal(mayPreempt('delete', { kind: 'activate', from: 'Draft' }), true);
  });
});

describe('the step plans', () => {
  it('exist for every kind of operation', () =>
    assert.deepEqual(Object.keys(stepPlans).toSorted(), operationKinds.toSorted()));

  for (const kind of operationKinds) {
    const steps = stepsOf(kind);

    it(`of "${kind}" give every step a unique key that is valid in a field name and a failpoint`, () => {
      const keys = steps.map(({ key }) => key);
      assert.equal(new Set(keys).size, keys.length);
      for (const key of keys) assert.match(key, /^[a-z]+(-[a-z]+)*$/);
    });

    it(`of "${kind}" find each step by its key, and throw if there is none`, () => {
      for (const step of steps) assert.equal(plannedStep(kind, step.key), step);
      assert.throws(() => plannedStep(kind, 'no-such-step'), /no step "no-such-step"/);
    });

    it(`of "${kind}" describe every step in one line`, () => {
      for (const { title } of steps) assert.match(title, /^[A-Z][^\n]{3,60}$/);
    });
  }

  it('of an activation place the tenant before they create anything on a cell, and probe the boundary last', () => {
    const steps = stepsOf('activate');
    const firstInCell = steps.findIndex(({ scope }) => scope === 'cell');
    assert.ok(firstInCell > 0);
    assert.deepEqual(
      steps
        .slice(firstInCell)
        .map(({ scope }) => scope)
        .filter((scope) => scope !== 'cell'),
      [],
    );
    assert.deepEqual(
      steps.map(({ key }) => key),
      ['place', 'issue-keys', 'claim-database', 'create-collections', 'create-roles', 'create-user', 'probe-isolation'],
      'keys are stable forever, because running operations contain them',
    );
  });

  it('can be compensated until a pivot has begun, and not after that', () => {
    for (const kind of operationKinds) {
      const steps = stepsOf(kind);
      const pivot = steps.findIndex((step) => step.pivot === true);
      for (let done = 0; done <= steps.length; done += 1) {
        const states = Object.fromEntries(
          steps.map(({ key }, index) => [key, { state: index < done ? 'done' : 'pending' }]),
        );
        assert.equal(isReversible(kind, states), pivot === -1 || done <= pivot, `${kind} after ${done} steps`);
      }
      if (pivot !== -1) assert.equal(isReversible(kind, { [steps[pivot]?.key ?? '']: { state: 'intent' } }), false);
    }
  });
});
