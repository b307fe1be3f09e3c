import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, beforeEach, test } from 'node:test';
import { createSweepActivities } from '../../../activities/sweep-activities.ts';
import type { SweepActivities, SweepDependencies } from '../../../activities/sweep-activities.ts';
import { readKeyring } from '../../../platform/config-files.ts';
import { createMetrics } from '../../../platform/metrics.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { createWorkflowStarters, operationWorkflowId } from '../../../platform/workflow-starters.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import type { OperationDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { acceptActivation, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

const stack = attachToStack();
const { client, close } = createTemporalClient({
  ...stack.temporal,
  keyring: readKeyring('codec', stack.files.codecKeyring),
});
// No worker polls this task queue: a started workflow stays as it is.
const workflows = createWorkflowStarters({ client, taskQueue: `sweep-${randomUUID()}` });
const ignore = (): void => undefined;
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const metrics = createMetrics('worker');

let open: ControlStore;
beforeEach(async () => {
  open = await openControlStore(stack);
});
afterEach(() => open.close());
after(close);

/**
 * Operations that were last updated `idleMs` ago, all at the same time. One that has begun waits for something, so
 * nothing is written to it.
 */
async function stalled(
  count: number,
  { begun, idleMs }: { readonly begun: boolean; readonly idleMs: number },
): Promise<OperationDocument[]> {
  const { store, control, databases } = open;
  const { operation } = await acceptActivation(store, `tenant-${store.newId()}`);
  const { operations } = controlDatabase(control, databases);
  await operations.deleteOne({ _id: operation._id });
  const updateTime = new Date(Date.now() - idleMs);
  const made = Array.from({ length: count }, (): OperationDocument => ({
    ...operation,
    _id: store.newId(),
    updateTime,
    ...(begun ? { runId: randomUUID(), state: 'running' } : {}),
  }));
  await operations.insertMany(made);
  return made;
}

const idsOf = (operations: readonly OperationDocument[]): string[] => operations.map(({ _id }) => _id);

function sweeping(startOperation: SweepDependencies['startOperation'], resumeMs?: number): SweepActivities {
  const starters = { ...workflows, startOperation };
  return createSweepActivities({
    store: open.store,
    ...starters,
    startAccepted: async () => undefined,
    beginDue: async () => [],
    logger,
    metrics,
    ...(resumeMs === undefined ? {} : { resumeMs }),
  });
}

test('an operation whose start was lost is started first, and all older ones that wait are started too', async () => {
  const waiting = await stalled(1_200, { begun: true, idleMs: 3_600_000 });
  const [lost] = await stalled(1, { begun: false, idleMs: 10_000 });
  assert.ok(lost !== undefined);
  await stalled(1, { begun: false, idleMs: 0 });
  const started: string[] = [];
  const { resumed } = await sweeping(async (operation) => {
    started.push(operation.operationId);
    // For the sweep, the workflows of the others already run.
    if (operation.operationId === lost._id) await workflows.startOperation(operation);
  }, 60_000).resumeStalledOperations();
  const handle = client.workflow.getHandle(operationWorkflowId(lost.tenant.uid, lost._id));
  assert.equal((await handle.describe()).status.name, 'RUNNING');
  await handle.terminate();
  assert.deepEqual([resumed, started], [1_201, [lost._id, ...idsOf(waiting)]]);
});

test('a sweep without time for all continues where the last one stopped, and starts over at the end', async () => {
  const waiting = idsOf(await stalled(3, { begun: true, idleMs: 3_600_000 }));
  const unbegun = idsOf(await stalled(2, { begun: false, idleMs: 10_000 }));
  let started: string[] = [];
  // Each sweep has time for one of each kind; one operation cannot be started.
  const { resumeStalledOperations } = sweeping(async ({ operationId }) => {
    started.push(operationId);
    if (operationId === waiting[1]) throw new Error('Temporal refuses it');
  }, 0);
  const sweeps: string[][] = [];
  for (let sweep = 0; sweep < 5; sweep += 1) {
    started = [];
    await resumeStalledOperations();
    sweeps.push(started);
  }
  assert.deepEqual(sweeps, [
    [unbegun[0], waiting[0]],
    [unbegun[1], waiting[1]],
    [waiting[2]],
    [unbegun[0]],
    [unbegun[1], waiting[0]],
  ]);
});
