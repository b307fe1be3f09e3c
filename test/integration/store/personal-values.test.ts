import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { transitionRollout, startRollout } from '../../../engines/rollouts/transition-rollout.ts';
import type { OperationDocument, RolloutDocument } from '../../../store/documents.ts';
import { closing } from '../../../store/operations.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { acceptActivation, anyEntry, caller, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let opened: ControlStore;
before(async () => {
  opened = await openControlStore(attachToStack());
});
after(() => opened.close());

const policy = {
  bundle: `sha256:${'0'.repeat(64)}`,
  input: `sha256:${'0'.repeat(64)}`,
  decision: 'allow' as const,
  rules: [],
};
const alsoCommit = async (): Promise<undefined> => undefined;

async function startOf(template: string): Promise<RolloutDocument> {
  return startRollout(
    opened.store,
    { caller, policy },
    { uid: opened.store.newId(), name: template, version: 1 },
    { waves: [1], maxFailures: 0 },
    alsoCommit,
  );
}

test('an operation names its actor until it is closed', async () => {
  const { store } = opened;
  const { operation } = await acceptActivation(store, 'closed');
  assert.deepEqual(operation.actor, caller.actor);
  await store.commit(async (tx) => ({
    result: await store.operations.update(
      tx,
      { operationId: operation._id, fence: operation.fence },
      closing('succeeded', tx.time),
    ),
    entries: [anyEntry(operation.tenant.uid)],
  }));
  const closed = await store.operations.find(operation._id);
  assert.deepEqual([closed?.state, closed?.actor], ['succeeded', undefined]);
});

test('a roll-out names its actor only while it can be resumed', async () => {
  const { store } = opened;
  const actorOf = async (id: string) => (await store.rollouts.find(id))?.actor;
  for (const end of ['cancel', 'finish'] as const) {
    const { _id: id } = await startOf(end);
    await transitionRollout(store, id, 'pause', caller, { alsoCommit });
    assert.deepEqual(await actorOf(id), caller.actor);
    await transitionRollout(store, id, 'resume', caller, { alsoCommit });
    assert.deepEqual(await actorOf(id), caller.actor);
    await transitionRollout(store, id, end, caller, { alsoCommit });
    assert.equal(await actorOf(id), undefined);
  }
});

test('the next start removes actors that an earlier build left in what has ended, and no others', async () => {
  const { store, control, databases } = opened;
  const { operation } = await acceptActivation(store, 'unfinished');
  const running = await startOf('running');
  const db = control.db(databases.control);
  const [operations, rollouts] = [
    db.collection<OperationDocument>('operations'),
    db.collection<RolloutDocument>('rollouts'),
  ];
  const { unfinished: _, ...ended } = { ...operation, state: 'succeeded' as const, endTime: new Date() };
  const scheduledPlan = { name: 'later', time: new Date(), ...caller };
  // More than one batch.
  const left = Array.from({ length: 2_001 }, (_, index): OperationDocument => ({
    ...ended,
    _id: `left-${index}`,
    before: { ...ended.before, scheduledPlan: index % 2 === 0 ? scheduledPlan : null },
  }));
  await operations.insertMany(left);
  const { active: _active, unsettled: _unsettled, ...over } = running;
  await rollouts.insertOne({ ...over, _id: 'left', state: 'cancelled', endTime: new Date() });
  await Promise.all([opened.another().prepare(), opened.another().prepare()]);

  const isLeft = { _id: /^left/u };
  assert.equal(
    await operations.countDocuments({
      ...isLeft,
      actor: { $exists: false },
      'before.scheduledPlan.actor': { $exists: false },
    }),
    left.length,
  );
  assert.deepEqual((await operations.findOne({ _id: 'left-0' }))?.before.scheduledPlan?.name, 'later');
  assert.equal(await operations.countDocuments({ ...isLeft, 'before.scheduledPlan': null }), 1_000);
  assert.equal((await rollouts.findOne(isLeft))?.actor, undefined);
  assert.deepEqual((await store.operations.find(operation._id))?.actor, caller.actor);
  assert.deepEqual((await store.rollouts.find(running._id))?.actor, caller.actor);
});
