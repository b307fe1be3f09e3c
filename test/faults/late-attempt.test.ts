import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { StepKey } from '../../domain/step-plan.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { until } from '../harness/until.ts';
import { endOf, expectTenant } from './expected-end.ts';
import { createKnownTenants } from './known-tenants.ts';
import type { KnownTenants } from './known-tenants.ts';
import { placedIn } from './registry-state.ts';
import { ask } from './requests.ts';
import type { RunningOperation } from './requests.ts';
import type { KnownTenant } from './standing.ts';
import { createTestBed } from './test-bed.ts';
import type { TestBed } from './test-bed.ts';

let stack: EmbeddedStack | undefined;
let bed: TestBed | undefined;
let tenants: KnownTenants;
before(async () => {
  stack = await createTemporaryStack({ temporalStorage: 'file' });
  bed = await createTestBed(stack);
  tenants = createKnownTenants(bed);
});
after(async () => {
  await bed?.stop();
  await stack?.stop();
});

/** The stack, whose parts can be killed, and the test bed on it. */
function running(): { stack: EmbeddedStack; bed: TestBed } {
  assert.ok(stack !== undefined && bed !== undefined);
  return { stack, bed };
}

async function expectEnd(
  tenant: KnownTenant,
  operation: RunningOperation,
  declared: FinalOperationState,
): Promise<void> {
  const { state, error } = await endOf(running().bed, operation);
  assert.equal(state, declared, JSON.stringify(error));
  const region = await placedIn(running().bed, tenant);
  await expectTenant(running().bed, declared === 'succeeded' ? { ...tenant, region, standing: 'Active' } : tenant, [
    { operation, end: state },
  ]);
}

const stepOf = async ({ id }: RunningOperation, step: StepKey) =>
  (await running().bed.installation.store.operations.find(id))?.steps[step];

for (const { at, next } of [
  { at: 'place.before-checkpoint', next: 'issue-keys' },
  { at: 'create-collections.before-checkpoint', next: 'create-roles' },
] as const) {
  test(`an attempt that resumes at ${at} after another attempt has done the step commits nothing`, async () => {
    const { installation, pauseAt } = running().bed;
    const tenant = await tenants.draft('eu-west-1');
    const place = pauseAt(at, tenant.name);
    const operation = await ask(running().bed, 'activate', tenant, tenant);
    await place.hit();
    // Temporal gives up the paused attempt and starts another, which passes the failpoint.
    await until(`${next} is done`, async () => (await stepOf(operation, next))?.state === 'done');
    const before = await installation.store.resources.findByUid('Tenant', operation.uid);
    place.release();
    await expectEnd(tenant, operation, 'succeeded');
    assert.deepEqual(
      (await installation.store.resources.findByUid('Tenant', operation.uid))?.placement,
      before?.placement,
    );
  });
}

test('an operation that is cancelled while the cell of its step is down ends as cancelled, not as failed', async () => {
  const { installation, pauseAt, temporal } = running().bed;
  const cell = running().stack.mongodHandle('eu-west-1');
  const tenant = await tenants.draft('eu-west-1');
  const place = pauseAt('create-collections.before-intent', tenant.name);
  const operation = await ask(running().bed, 'activate', tenant, tenant);
  await place.hit();
  await cell.kill('SIGKILL');
  place.release();
  await until('the step has failed once', async () =>
    (await stepOf(operation, 'create-collections'))?.result?.startsWith('an attempt failed: cell_unavailable'),
  );
  await temporal.workflow.getHandle(operation.workflowId).cancel();
  await until(
    'the operation is compensating',
    async () => (await installation.store.operations.find(operation.id))?.state === 'compensating',
  );
  await cell.start();
  await expectEnd(tenant, operation, 'cancelled');
});
