import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRollout, transitionRollout } from '../../../engines/rollouts/transition-rollout.ts';
import type { RolloutDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, caller, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let open: ControlStore;
before(async () => {
  open = await openControlStore(attachToStack());
});
after(() => open.close());

const policy = {
  bundle: `sha256:${'0'.repeat(64)}`,
  input: `sha256:${'0'.repeat(64)}`,
  decision: 'allow' as const,
  rules: [],
};

/** A running roll-out with one tenant. */
async function running(): Promise<{ readonly rollout: RolloutDocument; readonly tenant: string }> {
  const { store } = open;
  const template = { uid: store.newId(), name: 'startup', version: 2 };
  const rollout = await startRollout(
    store,
    { caller, policy },
    template,
    { waves: [1], maxFailures: 0 },
    async () => undefined,
  );
  const tenant = store.newId();
  assert.equal(await store.rollouts.take(rollout._id, { uid: tenant, name: 'acme' }), true);
  return { rollout, tenant };
}

test('starting a member while a pause commits is retried, sees the pause, and is refused', async () => {
  const { store } = open;
  const { rollout, tenant } = await running();
  let tries = 0;
  const begin = store.commit(async (tx) => {
    tries += 1;
    // The transaction has its snapshot: in it the roll-out runs, no matter what is committed from now on.
    await store.resources.read(tx, 'Tenant', tenant);
    if (tries === 1)
      await transitionRollout(store, rollout._id, 'pause', caller, { alsoCommit: async () => undefined });
    await store.rollouts.beginMember(tx, { rollout: rollout._id, tenant }, store.newId());
    return { result: undefined, entries: [anyEntry(tenant)] };
  });
  await assert.rejects(begin, { code: 'rollout_not_possible' });
  assert.equal(tries, 2);
  assert.deepEqual(
    (await store.rollouts.members(rollout._id, 'changing', 10)).map(({ operationId }) => operationId),
    [null],
  );
});

test('a member that takes too long fails, counted from when it was added, and is retried on request', async () => {
  const { store } = open;
  const {
    rollout: { _id: id },
  } = await running();
  const hour = 60 * 60_000;
  await store.rollouts.failOverdue(id, hour);
  assert.deepEqual(await store.rollouts.counts(id), { changing: 1, changed: 0, failed: 0, skipped: 0 });
  await store.rollouts.failOverdue(id, -1);
  const [late] = await store.rollouts.members(id, 'failed', 10);
  assert.equal(late?.error?.code, 'operation_in_progress');
  await transitionRollout(store, id, 'pause', caller, { alsoCommit: async () => undefined });
  await transitionRollout(store, id, 'resume', caller, { failed: 'changing', alsoCommit: async () => undefined });
  await store.rollouts.failOverdue(id, hour);
  assert.deepEqual(
    (await store.rollouts.members(id, 'changing', 10)).map(({ error }) => error),
    [null],
  );
});

test('a paused roll-out removes members that were not started, and can add them again; others stay', async () => {
  const { store } = open;
  const { rollout, tenant } = await running();
  const id = rollout._id;
  const begun = { uid: store.newId(), name: 'begun' };
  await store.rollouts.take(id, begun);
  assert.equal(await store.rollouts.take(id, begun), false);
  await store.commit(async (tx) => {
    await store.rollouts.beginMember(tx, { rollout: id, tenant: begun.uid }, store.newId());
    return { result: undefined, entries: [anyEntry(begun.uid)] };
  });
  await store.rollouts.progress(id, { cursor: null }, { cursor: 'begun' });
  await store.rollouts.releaseUnstarted(id);
  assert.equal((await store.rollouts.counts(id)).changing, 2, 'nothing is removed while the roll-out runs');

  await transitionRollout(store, id, 'pause', caller, { alsoCommit: async () => undefined });
  await store.rollouts.releaseUnstarted(id);
  assert.deepEqual(
    (await store.rollouts.members(id, 'changing', 10)).map(({ name }) => name),
    ['begun'],
  );
  assert.equal((await store.rollouts.find(id))?.cursor, null, 'adding starts over');
  assert.equal(await store.rollouts.take(id, { uid: tenant, name: 'acme' }), true);
});

test('of two turns at the same place only one continues, and an outdated turn overwrites nothing', async () => {
  const { store } = open;
  const {
    rollout: { _id: id },
  } = await running();
  await store.rollouts.progress(id, { cursor: null }, { cursor: 'acme' });
  await assert.rejects(store.rollouts.progress(id, { cursor: null }, { cursor: 'zeta' }), {
    code: 'rollout_not_possible',
  });
  await assert.rejects(store.rollouts.progress(id, { wave: 1 }, { wave: 2 }), { code: 'rollout_not_possible' });
  assert.equal((await store.rollouts.find(id))?.cursor, 'acme');
});

test('a member is started by only one turn, and the result of an earlier operation is not stored', async () => {
  const { store } = open;
  const { rollout, tenant } = await running();
  const member = { rollout: rollout._id, tenant };
  const begin = (operation: string) =>
    store.commit(async (tx) => {
      await store.rollouts.beginMember(tx, member, operation);
      return { result: undefined, entries: [anyEntry(tenant)] };
    });
  await begin('first');
  await assert.rejects(begin('second'), { code: 'rollout_not_possible' });
  await store.rollouts.setMember(
    { _id: member, operationId: null },
    { state: 'failed', operationId: null, error: { code: 'cancelled', message: 'late' } },
  );
  assert.deepEqual(
    (await store.rollouts.members(rollout._id, 'changing', 10)).map(({ operationId }) => operationId),
    ['first'],
  );
});
