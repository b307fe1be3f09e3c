import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OperationDocument } from '../../../store/documents.ts';
import { stepOf } from '../../../store/operations.ts';
import { startingCompensation } from '../../../store/operations.ts';
import type { StepAttempt, StepLeases } from '../../../store/step-leases.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { acceptActivation, anyEntry, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { until } from '../../harness/until.ts';

let opened: ControlStore;
let leases: StepLeases;
before(async () => {
  opened = await openControlStore(attachToStack());
  leases = opened.store.stepLeases;
});
after(() => opened.close());

/** Longer than any test runs. */
const longMs = 600_000;
/** Ends before the server checks again. */
const shortMs = 1;

/** A running operation, and how to name an attempt at one of its steps. */
async function running(name: string): Promise<{
  readonly id: string;
  attempt(name: string, step?: StepAttempt['step']): StepAttempt;
  turn(): Promise<void>;
  read(): Promise<OperationDocument>;
}> {
  const { operation } = await acceptActivation(opened.store, name);
  const holder = { operationId: operation._id, fence: operation.fence };
  const change = (set: Parameters<typeof opened.store.operations.update>[2]) =>
    opened.store.commit(async (tx) => ({
      result: await opened.store.operations.update(tx, holder, set),
      entries: [anyEntry(operation.tenant.uid)],
    }));
  await change({ $set: { state: 'running' } });
  return {
    id: operation._id,
    attempt: (attempt, step = 'create-user') => ({ ...holder, step, attempt }),
    async turn() {
      await change(
        startingCompensation('failed', { code: 'internal', fault: 'system', message: 'broken', fix: '' }, new Date()),
      );
    },
    async read() {
      const document = await opened.store.operations.find(operation._id);
      assert.ok(document !== undefined);
      return document;
    },
  };
}

test('an intent is committed with its lease: state, number of attempts, first start', async () => {
  const { id, attempt, read } = await running('intends');
  assert.equal(await leases.intend(attempt('a'), longMs), true);
  const first = stepOf(await read(), 'create-user');
  assert.deepEqual([first.state, first.attempts], ['intent', 1]);
  await leases.intend(attempt('b'), longMs);
  const second = stepOf(await read(), 'create-user');
  assert.deepEqual([second.attempts, second.startTime], [2, first.startTime]);
  assert.deepEqual(
    (await read()).leases.map((lease) => lease.holder),
    ['a', 'b'],
  );
  const remaining = await leases.remainingMs(id);
  assert.ok(remaining > longMs - 60_000 && remaining <= longMs);
});

test('nobody waits for a lease that was released or has expired', async () => {
  const { id, attempt } = await running('waits');
  await leases.intend(attempt('gives-back'), longMs);
  await leases.release(attempt('gives-back'), 'tried');
  assert.equal(await leases.remainingMs(id), 0);
  await leases.intend(attempt('runs-out'), shortMs);
  await until('the lease has expired', async () => (await leases.remainingMs(id)) === 0);
});

test('a renewal extends its own lease; without a lease it is refused', async () => {
  const { id, attempt, read } = await running('renews');
  await leases.intend(attempt('a'), 60_000);
  await leases.intend(attempt('b', 'create-roles'), 60_000);
  await leases.renew(attempt('a'), longMs);
  assert.deepEqual((await read()).leases.map((lease) => lease.holder).toSorted(), ['a', 'b']);
  assert.ok((await leases.remainingMs(id)) > 60_000);
  await assert.rejects(leases.renew(attempt('never-taken'), longMs), { code: 'fenced' });
  await leases.release(attempt('a'), 'tried');
  await assert.rejects(leases.renew(attempt('a'), longMs), { code: 'fenced' });
});

test('an undo waits for attempts that may still ensure the same step, and not for others', async () => {
  const { attempt, turn, read } = await running('undoes');
  await leases.intend(attempt('ensures'), longMs);
  await leases.intend(attempt('other-step', 'create-roles'), shortMs);
  await turn();
  const waitMs = await leases.intendUndo(attempt('undoes'), longMs);
  assert.ok(waitMs > longMs - 60_000 && waitMs <= longMs, String(waitMs));
  assert.ok(!(await read()).leases.some((lease) => lease.holder === 'undoes'), 'no lease while it waits');
  assert.equal(await leases.intendUndo(attempt('undoes-roles', 'create-roles'), longMs), 0);

  await leases.release(attempt('ensures'), 'called off');
  assert.equal(await leases.intendUndo(attempt('undoes'), longMs), 0);
  assert.equal(await leases.intendUndo(attempt('undoes'), longMs), 0, 'its own lease does not block it');
  assert.ok((await leases.intendUndo(attempt('undoes-too'), longMs)) > 0, 'another undo attempt waits too');
});

test('an undo waits no longer than the lease of an attempt that died', async () => {
  const { attempt, turn } = await running('died');
  await leases.intend(attempt('dies'), 300);
  await turn();
  const waits: number[] = [];
  await until('the lease of the dead attempt has expired', async () => {
    const waitMs = await leases.intendUndo(attempt('undoes'), longMs);
    waits.push(waitMs);
    return waitMs === 0;
  });
  assert.ok(
    waits.every((waitMs) => waitMs <= 300),
    waits.join(),
  );
});

test('no step is ensured after compensation has started, and none is undone before', async () => {
  const { attempt, turn, read } = await running('turns');
  await assert.rejects(leases.intendUndo(attempt('too-early'), longMs), { code: 'fenced' });
  await turn();
  await assert.rejects(leases.intend(attempt('too-late'), longMs), { code: 'fenced' });
  assert.deepEqual((await read()).leases, []);
});

test('an intent concurrent with the start of compensation is either refused or known to the undo', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { attempt, turn, read } = await running(`races-${round}`);
    const [intent] = await Promise.allSettled([leases.intend(attempt('ensures'), longMs), turn()]);
    const turned = await read();
    assert.equal(turned.state, 'compensating');
    assert.equal(stepOf(turned, 'create-user').state, intent.status === 'fulfilled' ? 'intent' : 'pending');
    assert.equal((await leases.intendUndo(attempt('undoes'), longMs)) > 0, intent.status === 'fulfilled');
  }
});

test('of three concurrent undo attempts exactly one starts', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { attempt, turn } = await running(`undoes-once-${round}`);
    await turn();
    const waits = await Promise.all(['a', 'b', 'c'].map((name) => leases.intendUndo(attempt(name), longMs)));
    assert.equal(waits.filter((waitMs) => waitMs === 0).length, 1, waits.join());
  }
});

test('a late attempt does not change that the step is done', async () => {
  const { attempt, read } = await running('late');
  await leases.intend(attempt('a'), longMs);
  const { tenant, fence } = await read();
  await opened.store.commit(async (tx) => ({
    result: await opened.store.operations.update(
      tx,
      { operationId: attempt('a').operationId, fence },
      { $set: { 'steps.create-user.state': 'done' }, $pull: { leases: { holder: 'a' } } },
    ),
    entries: [anyEntry(tenant.uid)],
  }));
  const before = await read();
  assert.equal(await leases.intend(attempt('zombie'), longMs), false);
  assert.deepEqual(await read(), before);
});

test('a late undo attempt starts nothing, and is told to check again', async () => {
  const { id, attempt, turn, read } = await running('late-undo');
  await leases.intend(attempt('ensures'), shortMs);
  await turn();
  await until('the lease has expired', async () => (await leases.intendUndo(attempt('undoes'), longMs)) === 0);
  const { tenant, fence } = await read();
  await opened.store.commit(async (tx) => ({
    result: await opened.store.operations.update(
      tx,
      { operationId: id, fence },
      { $set: { 'steps.create-user.state': 'undone' }, $pull: { leases: { holder: 'undoes' } } },
    ),
    entries: [anyEntry(tenant.uid)],
  }));
  const before = await read();
  assert.ok((await leases.intendUndo(attempt('zombie'), longMs)) > 0);
  assert.deepEqual(await read(), before, 'it has no lease, so it does nothing');
});
