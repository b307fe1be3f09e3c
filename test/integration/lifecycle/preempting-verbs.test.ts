import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import type { ApiError } from '../../../client/api-error.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let api: ApiClient;
before(async () => {
  installation = await borrowInstallation(attachToStack());
  api = installation.client();
  await declareBasics(api);
  for (const name of ['large', 'larger']) {
    await api.call('putPlan', {
      params: { name },
      ifNoneMatch: '*',
      body: {
        apiVersion,
        kind: 'Plan',
        metadata: { name },
        spec: { isolationModes: ['dedicated'], quotas: { tables: 500 } },
      },
    });
  }
});
after(() => installation.stop());

test('an early purge that preempts an undeletion is still early when it starts', async () => {
  const name = 'purged-after-all';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  // Before its only step: the step detects the cancellation even if the workflow receives it late.
  const failpoint = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body: undeletion } = await api.call('undeleteTenant', { params: { name }, ...always() });
  await failpoint.hit();
  const { body } = await api.call('purgeTenant', {
    params: { name },
    body: { early: true },
    query: { preempt: 'true' },
    ...always(),
  });
  assert.equal(body.operation?.state, 'pending');
  failpoint.release();
  assert.equal((await ended(api, undeletion.operation?.id ?? '')).state, 'cancelled');
  const operation = await ended(api, body.operation.id);
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
});

test('while a tenant changes to one plan, a change to another plan is refused', async () => {
  const name = 'undecided';
  await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'bind-plan.before-intent', 'pause');
  const { body: first } = await api.call('changePlanOfTenant', {
    params: { name },
    body: { plan: 'large' },
    ...always(),
  });
  await failpoint.hit();
  const { body: again } = await api.call('changePlanOfTenant', {
    params: { name },
    body: { plan: 'large' },
    ...always(),
  });
  assert.equal(again.operation?.id, first.operation?.id);
  for (const preempt of ['false', 'true'] as const) {
    const other = api.call('changePlanOfTenant', {
      params: { name },
      body: { plan: 'larger' },
      query: { preempt },
      ...always(),
    });
    await assert.rejects(other, (error: ApiError) => error.code === 'operation_in_progress');
  }
  failpoint.release();
  assert.equal((await ended(api, first.operation?.id ?? '')).state, 'succeeded');
});

test('a change of plan that preempts replaces the scheduled one', async () => {
  const name = 'sooner';
  await activeTenant(api, name);
  await api.call('changePlanOfTenant', {
    params: { name },
    body: { plan: 'larger', time: '2031-01-01T00:00:00.000Z' },
    ...always(),
  });
  // Between its two steps: the second one detects the cancellation.
  const failpoint = armFailpoint(installation, 'end-leases.after-checkpoint', 'pause');
  const { body: suspension } = await api.call('suspendTenant', { params: { name }, ...always() });
  await failpoint.hit();
  const { body } = await api.call('changePlanOfTenant', {
    params: { name },
    body: { plan: 'large' },
    query: { preempt: 'true' },
    ...always(),
  });
  failpoint.release();
  assert.equal((await ended(api, suspension.operation?.id ?? '')).state, 'cancelled');
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  const { spec, status } = (await api.call('getTenant', { params: { name } })).body;
  assert.deepEqual([spec.plan, status.scheduledPlan], ['large', undefined]);
});
