import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { until } from '../harness/until.ts';
import { createLane } from './lane.ts';
import type { Lane } from './lane.ts';

let stack: EmbeddedStack | undefined;
let lane: Lane;
before(async () => {
  stack = await createTemporaryStack({ temporalStorage: 'file' });
  lane = await createLane(stack);
});
after(async () => {
  await lane.stop();
  await stack?.stop();
});

/** Resolves when the operation has come as far as this step. */
async function reached(id: string, step: 'issue-keys' | 'create-roles'): Promise<void> {
  await until(`${step} is done`, async () => (await lane.installation.store.operations.find(id))?.steps[step]?.state === 'done');
}

for (const { at, next } of [
  { at: 'place.before-checkpoint', next: 'issue-keys' },
  { at: 'create-collections.before-checkpoint', next: 'create-roles' },
] as const) {
  test(`an attempt that wakes up at ${at} after another has done the step commits nothing`, async () => {
    lane.arm(at, 'pause');
    const operation = await lane.activate(at.split('.')[0] ?? '');
    await lane.hit(at);
    // Temporal gives the paused attempt up and lets another begin, which goes past the failpoint.
    await reached(operation.id, next);
    const before = await lane.installation.store.resources.findByUid('Tenant', operation.uid);
    lane.release(at);
    await lane.expectEnd(operation, 'succeeded');
    assert.deepEqual((await lane.installation.store.resources.findByUid('Tenant', operation.uid))?.placement, before?.placement);
  });
}

test('an operation that is cancelled while a cell keeps its step from ending is cancelled, not failed', async () => {
  const cell = stack?.mongodHandle('eu-west-1');
  assert.ok(cell !== undefined);
  lane.arm('create-collections.before-intent', 'pause');
  const operation = await lane.activate('waiting');
  await lane.hit('create-collections.before-intent');
  await cell.kill('SIGKILL');
  lane.release('create-collections.before-intent');
  await until('the step has failed once', async () => (await lane.installation.store.operations.find(operation.id))?.steps['create-collections']?.result?.startsWith('an attempt failed: cell_unavailable'));
  await lane.temporal.workflow.getHandle(operation.workflowId).cancel();
  await until('the cancellation is heard', async () => (await lane.installation.store.operations.find(operation.id))?.state === 'compensating');
  await cell.start();
  await lane.expectEnd(operation, 'cancelled');
});
