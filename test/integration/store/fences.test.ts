import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { beginOperation } from '../../../activities/begin-operation.ts';
import { finishOperation } from '../../../activities/finish-operation.ts';
import type { OperationActivities } from '../../../activities/operation-activities.ts';
import type { OperationEnvironment } from '../../../activities/operation-environment.ts';
import { turnOperation } from '../../../activities/turn-operation.ts';
import type { OperationDocument } from '../../../store/documents.ts';
import { closing, turning } from '../../../store/operations.ts';
import type { Holder } from '../../../store/operations.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { acceptActivation, anyEntry, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let opened: ControlStore;
let begin: OperationActivities['beginOperation'];
let turn: OperationActivities['turnOperation'];
let finish: OperationActivities['finishOperation'];
before(async () => {
  opened = await openControlStore(attachToStack());
  // These three commit to the control data and touch nothing else.
  const environment = { store: opened.store, failpoints: { reach: async () => undefined } } as unknown as OperationEnvironment;
  begin = beginOperation(environment);
  turn = turnOperation(environment);
  finish = finishOperation(environment);
});
after(() => opened.close());

const inputOf = ({ _id: operationId, kind, tenant, requestId, correlationId }: OperationDocument) => ({ operationId, kind, tenant, requestId, correlationId });
const isFenced = { code: 'fenced' };

/** Every way in which a holder can write to its operation. */
const words: Readonly<Record<string, (holder: Holder, operation: OperationDocument) => Promise<unknown>>> = {
  'its checkpoint': (holder, operation) =>
    opened.store.commit(async (tx) => ({ result: await opened.store.operations.update(tx, holder, { $set: { updateTime: tx.time } }), entries: [anyEntry(operation.tenant.uid)] })),
  'its end': (holder, operation) =>
    opened.store.commit(async (tx) => ({ result: await opened.store.operations.update(tx, holder, closing('succeeded', tx.time)), entries: [anyEntry(operation.tenant.uid)] })),
  'its intent': (holder) => opened.store.stepLeases.intend({ ...holder, step: 'create-user', attempt: 'late' }, 5_000),
  'its renewal': (holder) => opened.store.stepLeases.renew({ ...holder, step: 'create-user', attempt: 'early' }, 5_000),
  'its turning round': (holder, operation) => turn({ operation: inputOf(operation), ...holder, failure: { to: 'failed', code: 'internal', message: 'late' } }),
  'its finishing': (holder, operation) => finish({ operation: inputOf(operation), ...holder }),
};

for (const [word, speak] of Object.entries(words)) {
  test(`of two holders the one with the older fence is refused at ${word}, and nothing is changed`, async () => {
    const { operation } = await acceptActivation(opened.store, `fenced-${word.replaceAll(' ', '-')}`);
    const first = await begin({ operation: inputOf(operation), runId: 'run-1' });
    // Whoever finishes waits for leases before it is looked at, so only the one who renews has one.
    if (word === 'its renewal') await opened.store.stepLeases.intend({ operationId: operation._id, fence: first.fence, step: 'create-user', attempt: 'early' }, 60_000);
    const second = await begin({ operation: inputOf(operation), runId: 'run-2' });
    assert.ok(second.fence > first.fence);
    const state = await readControlState(opened);
    const entries = await entriesOf(opened, () => assert.rejects(speak({ operationId: operation._id, fence: first.fence }, operation), isFenced));
    assert.deepEqual(entries, []);
    assert.deepEqual(await readControlState(opened), state);
  });
}

test('a new run takes over with a higher fence, on tenant and operation alike, and finds how far it had come', async () => {
  const { operation } = await acceptActivation(opened.store, 'taken-over');
  const first = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const holder = { operationId: operation._id, fence: first.fence };
  await opened.store.commit(async (tx) => ({ result: await opened.store.operations.update(tx, holder, { $set: { 'steps.place.state': 'done' } }), entries: [anyEntry(operation.tenant.uid)] }));
  const second = await begin({ operation: inputOf(operation), runId: 'run-2' });
  assert.equal(second.steps['place'], 'done');
  const stored = await opened.store.operations.find(operation._id);
  const tenant = await opened.store.resources.findByUid('Tenant', operation.tenant.uid);
  assert.deepEqual([stored?.fence, stored?.runId], [second.fence, 'run-2']);
  assert.deepEqual([tenant?.operation?.fence, tenant?.lastFence], [second.fence, second.fence]);
});

test('a run that begins again keeps its fence and leaves no second entry', async () => {
  const { operation } = await acceptActivation(opened.store, 'repeated');
  const first = await begin({ operation: inputOf(operation), runId: 'run-1' });
  const entries = await entriesOf(opened, async () => {
    assert.deepEqual(await begin({ operation: inputOf(operation), runId: 'run-1' }), first);
  });
  assert.deepEqual(entries, []);
});

test('a run that begins when the operation is over is told its end and changes nothing', async () => {
  const { operation } = await acceptActivation(opened.store, 'over');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await turn({ operation: inputOf(operation), fence, failure: { to: 'cancelled', code: 'cancelled', message: 'called off' } });
  assert.deepEqual(await finish({ operation: inputOf(operation), fence }), { state: 'cancelled' });
  const state = await readControlState(opened);
  assert.equal((await begin({ operation: inputOf(operation), runId: 'run-2' })).state, 'cancelled');
  assert.deepEqual(await finish({ operation: inputOf(operation), fence }), { state: 'cancelled' }, 'the end may be asked for again');
  assert.deepEqual(await readControlState(opened), state);
});

test('of 8 runs that begin at once each gets a fence of its own, and the highest holds the lock', async () => {
  const { operation } = await acceptActivation(opened.store, 'crowd');
  const begun = await Promise.all(Array.from({ length: 8 }, (_, index) => begin({ operation: inputOf(operation), runId: `run-${index}` })));
  const fences = begun.map(({ fence }) => fence).toSorted((a, b) => a - b);
  assert.equal(new Set(fences).size, 8);
  const stored = await opened.store.operations.find(operation._id);
  assert.equal(stored?.fence, fences.at(-1));
  assert.equal((await opened.store.resources.findByUid('Tenant', operation.tenant.uid))?.operation?.fence, fences.at(-1));
});

test('the first reason to turn an operation round stands', async () => {
  const { operation } = await acceptActivation(opened.store, 'turned');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await turn({ operation: inputOf(operation), fence, failure: { to: 'cancelled', code: 'cancelled', message: 'first' } });
  await turn({ operation: inputOf(operation), fence, failure: { to: 'failed', code: 'internal', message: 'second' } });
  const stored = await opened.store.operations.find(operation._id);
  assert.deepEqual([stored?.state, stored?.compensatesTo, stored?.error?.message], ['compensating', 'cancelled', 'first']);
});

test('an operation with steps that are not done does not finish, and one whose undoing is not over neither', async () => {
  const { operation } = await acceptActivation(opened.store, 'unfinished');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await assert.rejects(finish({ operation: inputOf(operation), fence }), { code: 'internal' });
  await opened.store.stepLeases.intend({ operationId: operation._id, fence, step: 'claim-database', attempt: 'a' }, 1);
  await turn({ operation: inputOf(operation), fence, failure: { to: 'failed', code: 'internal', message: 'broken' } });
  await assert.rejects(finish({ operation: inputOf(operation), fence }), (error: { code?: string; name: string }) => error.code === 'internal' || error.name === 'NotYet');
  assert.equal((await opened.store.operations.find(operation._id))?.state, 'compensating');
});

test('a holder writes nothing once the operation is over', async () => {
  const { operation } = await acceptActivation(opened.store, 'closed');
  const { fence } = await begin({ operation: inputOf(operation), runId: 'run-1' });
  await turn({ operation: inputOf(operation), fence, failure: { to: 'failed', code: 'internal', message: 'broken' } });
  await finish({ operation: inputOf(operation), fence });
  await assert.rejects(
    opened.store.commit(async (tx) => ({ result: await opened.store.operations.update(tx, { operationId: operation._id, fence }, turning('failed', { code: 'internal', fault: 'system', message: 'late', fix: '' }, tx.time)), entries: [anyEntry(operation.tenant.uid)] })),
    isFenced,
  );
});
