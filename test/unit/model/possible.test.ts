import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, afterAll, eventually } from '../../model/possible.ts';
import type { Answer, Exchange } from '../../model/possible.ts';
import type { ModelRequest } from '../../model/request.ts';
import { emptyWorld } from '../../model/world.ts';
import type { World } from '../../model/world.ts';

const done = (status: number, operation: string | null): Answer => ({
  kind: 'done',
  status,
  operation,
  following: [],
  view: null,
});

/** A tenant that an operation has activated. */
function active(): World[] {
  const created = after([emptyWorld], {
    request: { do: 'create', tenant: 'a', plan: 'basic' },
    answer: done(201, null),
  });
  const activating = after(created, {
    request: { do: 'verb', tenant: 'a', path: 'activate', on: 'any' },
    answer: done(202, 'first'),
  });
  return eventually(activating, ['succeeded']).filter(({ tenant }) => tenant?.state === 'Active');
}

const reconcile: ModelRequest = { do: 'verb', tenant: 'a', path: 'reconcile', on: 'any' };
const reconciliations = ({ tenant }: World): number =>
  tenant?.events.filter((event) => event === 'tenant.reconciled.v1').length ?? 0;

test('two answers with the same operation mean one operation, whatever was refused in between', () => {
  const exchanges: Exchange[] = [
    { request: reconcile, answer: done(202, 'second') },
    {
      request: { do: 'verb', tenant: 'a', path: 'undelete', on: 'any', preempt: true },
      answer: { kind: 'refused', code: 'transition_not_allowed' },
    },
    { request: reconcile, answer: done(202, 'second') },
  ];
  const worlds = eventually(afterAll(active(), exchanges), ['succeeded']);
  assert.deepEqual(new Set(worlds.map(reconciliations)), new Set([0, 1]));
});

test('two answers with different operations mean two operations', () => {
  const exchanges = ['second', 'third'].map((id): Exchange => ({ request: reconcile, answer: done(202, id) }));
  const worlds = eventually(afterAll(active(), exchanges), ['succeeded']).filter(
    ({ tenant }) => tenant?.operation === null,
  );
  assert.deepEqual([...new Set(worlds.map(reconciliations))], [2]);
});
