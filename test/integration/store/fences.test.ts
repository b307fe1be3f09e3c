import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginOperation } from '../../../activities/begin-operation.ts';
import { finishOperation } from '../../../activities/finish-operation.ts';
import type { OperationActivities, OperationEnvironment } from '../../../activities/operation-activities.ts';
import { turnOperation } from '../../../activities/start-compensation.ts';
import type { Admit } from '../../../engines/admission/admission.ts';
import { holdTenant } from '../../../engines/changes/hold-tenant.ts';
import type { OperationDocument } from '../../../store/documents.ts';
import { closing, startingCompensation } from '../../../store/operations.ts';
import type { Holder } from '../../../store/operations.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { acceptActivation, anyEntry, caller, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let opened: ControlStore;
let begin: OperationActivities['beginOperation'];
let turn: OperationActivities['turnOperation'];
let finish: OperationActivities['finishOperation'];
before(async () => {
  opened = await openControlStore(attachToStack());
  // These three only commit to the control database.
  const environment = {
    store: opened.store,
    failpoints: { reach: async () => undefined },
  } as unknown as OperationEnvironment;
  begin = beginOperation(environment);
  turn = turnOperation(environment);
  finish = finishOperation(environment);
});
after(() => opened.close());

const inputOf = ({ _id: operationId, kind, tenant, requestId, correlationId }: OperationDocument) => ({
  operationId,
  kind,
  tenant,
  requestId,
  correlationId,
});
const isFenced = { code: 'fenced' };

/** Every way in which a holder can write to its operation. */
const words: Readonly<Record<string, (holder: Holder, operation: OperationDocument) => Promise<unknown>>> = {
  'its checkpoint': (holder, operation) =>
    opened.store.commit(async (tx) => ({
      result: await opened.store.operations.update(tx, holder, { $set: { updateTime: tx.time } }),
      entries: [anyEntry(operation.tenant.uid)],
    })),
  'its end': (holder, operation) =>
    opened.store.commit(async (tx) => ({
      result: await opened.store.operations.update(tx, holder, closing('succeeded', tx.time)),
      entries: [anyEntry(operation.tenant.uid)],
    })),
  'its intent': (holder) => opened.store.stepLeases.intend({ ...holder, step: 'create-user', attempt: 'late' }, 5_000),
  'its renewal': (holder) => opened.store.stepLeases.renew({ ...holder, step: 'create-user', attempt: 'early' }, 5_000),
  'its compensation': (holder, operation) =>
    turn({
      operation: inputOf(operation),
      runId: 'run-1',
      ...holder,
      failure: { to: 'failed', code: 'internal', message: 'late' },
    }),
  'its result': (holder, operation) => finish({ operation: inputOf(operation), runId: 'run-1', ...holder }),
};

for (const [word, speak] of Object.entries(words)) {
  test(`a holder with an older fence cannot write ${word}, and nothing is changed`, async () => {
    const { operation } = await acceptActivation(opened.store, `fenced-${word.replaceAll(' ', '-')}`);
    const first = await begin({ operation: inputOf(operation), runId: 'run-1' });
    if (word === 'its renewal')
      await opened.store.stepLeases.intend(
        { operationId: operation._id, fence: first.fence, step: 'create-user', attempt: 'early' },
        60_000,
      );
    const second = await begin({ operation: inputOf(operation), runId: 'run-2' });
    assert.ok(second.fence > first.fence);
    const state = await readControlState(opened);
    const entries = await entriesOf(opened, () =>
      assert.rejects(speak({ operationId: operation._id, fence: first.fence }, operation), isFenced),
    );
    assert.deepEqual(entries, []);
    assert.deepEqual(await readControlState(opened), state);
  });
}

test('a new run takes over with a higher fence on tenant and operation, and finds the finished steps', async () => {
  const { operation } = await acceptActivation(opened.store, 'taken-over');
  const first = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const holder = { operationId: operation._id, fence: first.fence };
  await opened.store.commit(async (tx) => ({
    result: await opened.store.operations.update(tx, holder, { $set: { 'steps.place.state': 'done' } }),
    entries: [anyEntry(operation.tenant.uid)],
  }));
  const second = await begin({ operation: inputOf(operation), runId: 'run-2' });
  assert.equal(second.steps['place'], 'done');
  const stored = await opened.store.operations.find(operation._id);
  const tenant = await opened.store.resources.findByUid('Tenant', operation.tenant.uid);
  assert.deepEqual([stored?.fence, stored?.runId], [second.fence, 'run-2']);
  assert.deepEqual([tenant?.operation?.fence, tenant?.lastFence], [second.fence, second.fence]);
});

test('a run that begins again keeps its fence and writes no second entry', async () => {
  const { operation } = await acceptActivation(opened.store, 'repeated');
  const first = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const entries = await entriesOf(opened, async () => {
    assert.deepEqual(await begin({ operation: inputOf(operation), runId: 'run-1' }), first);
  });
  assert.deepEqual(entries, []);
});

test('a run that begins after the operation has ended gets its result and changes nothing', async () => {
  const { operation } = await acceptActivation(opened.store, 'over');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await turn({
    operation: inputOf(operation),
    runId: 'run-1',
    fence,
    failure: { to: 'cancelled', code: 'cancelled', message: 'called off' },
  });
  assert.deepEqual(await finish({ operation: inputOf(operation), runId: 'run-1', fence }), { state: 'cancelled' });
  const state = await readControlState(opened);
  assert.equal((await begin({ operation: inputOf(operation), runId: 'run-2' })).state, 'cancelled');
  assert.deepEqual(
    await finish({ operation: inputOf(operation), runId: 'run-1', fence }),
    { state: 'cancelled' },
    'finishing may be repeated',
  );
  assert.deepEqual(await readControlState(opened), state);
});

test('8 runs that begin at once get different fences, and the highest one holds the lock', async () => {
  const { operation } = await acceptActivation(opened.store, 'crowd');
  const begun = await Promise.all(
    Array.from({ length: 8 }, (_, index) => begin({ operation: inputOf(operation), runId: `run-${index}` })),
  );
  const fences = begun.map(({ fence }) => fence).toSorted((a, b) => a - b);
  assert.equal(new Set(fences).size, 8);
  const stored = await opened.store.operations.find(operation._id);
  assert.equal(stored?.fence, fences.at(-1));
  assert.equal(
    (await opened.store.resources.findByUid('Tenant', operation.tenant.uid))?.operation?.fence,
    fences.at(-1),
  );
});

test('an operation keeps the first reason for its compensation', async () => {
  const { operation } = await acceptActivation(opened.store, 'turned');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await turn({
    operation: inputOf(operation),
    runId: 'run-1',
    fence,
    failure: { to: 'cancelled', code: 'cancelled', message: 'first' },
  });
  const entries = await entriesOf(opened, async () => {
    await turn({
      operation: inputOf(operation),
      runId: 'run-1',
      fence,
      failure: { to: 'failed', code: 'internal', message: 'second' },
    });
  });
  assert.deepEqual(entries, [], 'compensation starts once');
  const stored = await opened.store.operations.find(operation._id);
  assert.deepEqual(
    [stored?.state, stored?.compensatesTo, stored?.error?.message],
    ['compensating', 'cancelled', 'first'],
  );
});

test('of 6 concurrent attempts to start compensation one takes effect, with one entry', async () => {
  const { operation } = await acceptActivation(opened.store, 'turned-at-once');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const entries = await entriesOf(opened, async () => {
    const turned = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        turn({
          operation: inputOf(operation),
          runId: 'run-1',
          fence,
          failure: { to: 'failed', code: 'internal', message: `${index}` },
        }),
      ),
    );
    assert.equal(new Set(turned.map(({ error }) => error?.message)).size, 1);
  });
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['tenant.activate.turn'],
  );
});

test('a failure with a code that is not in the catalogue is recorded as internal', async () => {
  const { operation } = await acceptActivation(opened.store, 'unknown-code');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  for (const code of ['not_yet', 'toString', ''])
    await turn({
      operation: inputOf(operation),
      runId: 'run-1',
      fence,
      failure: { to: 'failed', code, message: 'no code' },
    });
  const { error } = (await opened.store.operations.find(operation._id)) ?? {};
  assert.deepEqual([error?.code, error?.fault], ['internal', 'system']);
});

test('of 6 concurrent attempts to finish one takes effect; all return the result and the next operation', async () => {
  const { operation, tenant } = await acceptActivation(opened.store, 'finished-at-once');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const held = { operation: inputOf(operation), runId: 'run-1', fence };
  await turn({ ...held, failure: { to: 'cancelled', code: 'cancelled', message: 'gives way' } });
  const waiting = opened.store.newId();
  await opened.store.commit(async (tx) => {
    const { store } = opened;
    await store.operations.insert(tx, {
      id: waiting,
      kind: 'delete',
      from: 'Draft',
      to: 'Deleted',
      tenant: operation.tenant,
      generation: 1,
      fence: 0,
      ...caller,
      assign: {},
      restore: {},
      before: { deletion: null, plan: null, owners: {} },
      waitsFor: operation._id,
    });
    const current = await store.resources.read(tx, 'Tenant', tenant._id);
    assert.ok(current !== undefined);
    await store.resources.replace(tx, current.revision, {
      ...current,
      pending: { id: waiting, kind: 'delete' },
      revision: current.revision + 1,
    });
    return { result: undefined, entries: [anyEntry(tenant._id)] };
  });
  const entries = await entriesOf(opened, async () => {
    const ends = await Promise.all(Array.from({ length: 6 }, () => finish(held)));
    assert.deepEqual(
      ends.map(({ state, next }) => [state, next?.operationId]),
      Array.from({ length: 6 }, () => ['cancelled', waiting]),
    );
  });
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['tenant.activate', 'tenant.delete.hand_over'],
  );
  const next = await opened.store.operations.find(waiting);
  assert.ok(next !== undefined);
  await begin({ operation: inputOf(next), runId: 'run-2' });
  assert.deepEqual(await finish(held), { state: 'cancelled' }, 'an operation that has begun is not returned');
});

test('an operation cannot finish before all its steps are done, or before its undo is complete', async () => {
  const { operation } = await acceptActivation(opened.store, 'unfinished');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await assert.rejects(finish({ operation: inputOf(operation), runId: 'run-1', fence }), { code: 'internal' });
  await opened.store.stepLeases.intend({ operationId: operation._id, fence, step: 'claim-database', attempt: 'a' }, 1);
  await turn({
    operation: inputOf(operation),
    runId: 'run-1',
    fence,
    failure: { to: 'failed', code: 'internal', message: 'broken' },
  });
  await assert.rejects(
    finish({ operation: inputOf(operation), runId: 'run-1', fence }),
    (error: { code?: string; name: string }) => error.code === 'internal' || error.name === 'RetryAfter',
  );
  assert.equal((await opened.store.operations.find(operation._id))?.state, 'compensating');
});

test('a holder cannot write after the operation has ended', async () => {
  const { operation } = await acceptActivation(opened.store, 'closed');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await turn({
    operation: inputOf(operation),
    runId: 'run-1',
    fence,
    failure: { to: 'failed', code: 'internal', message: 'broken' },
  });
  await finish({ operation: inputOf(operation), runId: 'run-1', fence });
  await assert.rejects(
    opened.store.commit(async (tx) => ({
      result: await opened.store.operations.update(
        tx,
        { operationId: operation._id, fence },
        startingCompensation('failed', { code: 'internal', fault: 'system', message: 'late', fix: '' }, tx.time),
      ),
      entries: [anyEntry(operation.tenant.uid)],
    })),
    isFenced,
  );
});

test('a run that was reset to a later task repeats the fence of the earlier run, but is still refused', async () => {
  const { operation } = await acceptActivation(opened.store, 'reset-late');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const state = await readControlState(opened);
  const late = { operation: inputOf(operation), runId: 'run-2', fence };
  await assert.rejects(turn({ ...late, failure: { to: 'failed', code: 'internal', message: 'late' } }), isFenced);
  await assert.rejects(finish(late), isFenced);
  assert.deepEqual(await readControlState(opened), state);
});

test('an operation ends only when no attempt at a step can still run, even one that has just started', async () => {
  const { operation } = await acceptActivation(opened.store, 'leased');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const held = { operation: inputOf(operation), runId: 'run-1', fence };
  const attempt = { operationId: operation._id, fence, step: 'create-user', attempt: 'late' } as const;
  await turn({ ...held, failure: { to: 'failed', code: 'internal', message: 'broken' } });
  // As if the attempt had taken its lease between the check and the commit.
  assert.equal(await opened.store.stepLeases.intendUndo(attempt, 60_000), 0);
  await assert.rejects(finish(held), { name: 'RetryAfter' });
  await opened.store.stepLeases.release(attempt, 'called off');
  assert.deepEqual(await finish(held), { state: 'failed' });
});

test('a worker cannot start compensation of an operation that has started to destroy data', async () => {
  const { operation } = await acceptActivation(opened.store, 'past-pivot');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const operations = opened.control.db(opened.databases.control).collection<OperationDocument>('operations');
  await operations.updateOne(
    { _id: operation._id },
    {
      $set: {
        kind: 'purge',
        steps: { 'destroy-user': { state: 'intent', attempts: 1 }, 'destroy-data': { state: 'pending', attempts: 0 } },
      },
    },
  );
  const state = await readControlState(opened);
  await assert.rejects(
    turn({
      operation: inputOf(operation),
      runId: 'run-1',
      fence,
      failure: { to: 'failed', code: 'policy_refused', message: 'a new bundle' },
    }),
    { code: 'cancel_not_possible' },
  );
  assert.deepEqual(await readControlState(opened), state);
});

test('a hold that is set while another run takes over the lock does not restore the old fence', async () => {
  const { operation } = await acceptActivation(opened.store, 'held-meanwhile');
  await begin({ operation: inputOf(operation), runId: 'run-1' });
  let taken: number | undefined;
  const find: typeof opened.store.resources.find = async (kind, name) => {
    const found = await opened.store.resources.find(kind, name);
    taken ??= (await begin({ operation: inputOf(operation), runId: 'run-2' })).fence;
    return found;
  };
  const store = { ...opened.store, resources: { ...opened.store.resources, find } };
  const digest = `sha256:${'0'.repeat(64)}`;
  const verdict = { allow: true, deny: [], decision: { bundle: digest, input: digest, decision: 'allow', rules: [] } };
  const admit = (async () => ({ verdict, plan: undefined, regions: [] })) as unknown as Admit;
  const held = await holdTenant(
    { store, admit },
    { name: operation.tenant.name, precondition: { kind: 'exists' }, caller, alsoCommit: async () => undefined },
    'a case',
  );
  assert.deepEqual([held.operation?.fence, held.lastFence, held.spec.hold], [taken, taken, { reason: 'a case' }]);
});
