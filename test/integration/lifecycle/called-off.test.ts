import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import type { ApiError } from '../../../client/api-error.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let api: ApiClient;
before(async () => {
  installation = await borrowInstallation(attachToStack());
  api = installation.client();
  await declareBasics(api);
});
after(() => installation.stop());

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const isRunning = (error: ApiError) => error.code === 'operation_in_progress';

/** A cancelled suspension that waits at a failpoint before it is undone. */
async function suspensionCalledOff(name: string): Promise<{ readonly id: string; readonly release: () => void }> {
  await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body } = await api.call('suspendTenant', { params: { name }, ...always() });
  const id = body.operation?.id ?? '';
  await failpoint.hit();
  await api.call('cancelOperation', { params: { id } });
  return { id, release: failpoint.release };
}

test('a request for an operation that is being cancelled is refused, not answered with that operation', async () => {
  const { id, release } = await suspensionCalledOff('again');
  await assert.rejects(api.call('suspendTenant', { params: { name: 'again' }, ...always() }), isRunning);
  await assert.rejects(
    api.call('putTenant', {
      params: { name: 'again' },
      ifMatch: '*',
      body: tenantManifest('again', { lifecycle: 'Suspended' }),
    }),
    isRunning,
    'a manifest is refused too',
  );
  const { body } = await api.call('suspendTenant', {
    params: { name: 'again' },
    query: { preempt: 'true' },
    ...always(),
  });
  assert.deepEqual([body.operation?.state, body.operation?.waitsFor], ['pending', id]);
  release();
  assert.equal((await ended(api, id)).state, 'cancelled');
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  assert.equal((await read('again')).status.lifecycle, 'Suspended');
});

test('cancelling a change of plan restores the scheduled one that it has replaced', async () => {
  const name = 'scheduled';
  await activeTenant(api, name);
  for (const plan of ['larger', 'largest']) {
    const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 500 } };
    await api.call('putPlan', {
      params: { name: plan },
      ifNoneMatch: '*',
      body: { apiVersion: 'tenure/v1', kind: 'Plan', metadata: { name: plan }, spec },
    });
  }
  const time = '2126-01-01T00:00:00.000Z';
  await api.call('changePlanOfTenant', { params: { name }, body: { plan: 'largest', time }, ...always() });
  const failpoint = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body } = await api.call('changePlanOfTenant', { params: { name }, body: { plan: 'larger' }, ...always() });
  await failpoint.hit();
  assert.equal((await read(name)).status.scheduledPlan, undefined);
  await api.call('cancelOperation', { params: { id: body.operation?.id ?? '' } });
  failpoint.release();
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'cancelled');
  const { spec, status } = await read(name);
  assert.deepEqual([spec.plan, status.scheduledPlan?.name, status.scheduledPlan?.time], ['startup', 'largest', time]);
});

test('a hold that is set while an operation runs is observed when the operation has ended', async () => {
  const name = 'observed';
  await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body } = await api.call('reconcileTenant', { params: { name }, ...always() });
  await failpoint.hit();
  await api.call('holdTenant', { params: { name }, body: { reason: 'a case' }, ...always() });
  failpoint.release();
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  const { metadata, status } = await read(name);
  assert.equal(status.observedGeneration, metadata.generation);
});

test('a purge that has started to destroy data completes even if policy denies it by then', async () => {
  const name = 'half-gone';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const failpoint = armFailpoint(installation, 'destroy-user.after-checkpoint', 'pause');
  const { body } = await api.call('purgeTenant', { params: { name }, body: { early: true }, ...always() });
  await failpoint.hit();
  // As after a new policy bundle, or with a wrong clock: from now on policy denies every step.
  await installation.control
    .db(installation.databases.control)
    .collection('resources')
    .updateOne({ name }, { $set: { 'spec.hold': { reason: 'too late' } } });
  failpoint.release();
  const operation = await ended(api, body.operation?.id ?? '');
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
  assert.equal((await api.call('listTombstones', { query: { name } })).body.items.length, 1);
});

test('a cancellation that is overtaken by another one reports the operation as cancelled', async () => {
  const name = 'twice-called-off';
  await activeTenant(api, name);
  const running = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body } = await api.call('reconcileTenant', { params: { name }, ...always() });
  const id = body.operation?.id ?? '';
  await running.hit();
  const answering = armFailpoint(installation, 'cancel.before-commit', 'pause');
  const late = api.call('cancelOperation', { params: { id } });
  await answering.hit();
  assert.equal((await api.call('cancelOperation', { params: { id } })).status, 202);
  running.release();
  assert.equal((await ended(api, id)).state, 'cancelled');
  answering.release();
  const { status, body: operation } = await late;
  assert.deepEqual([status, operation.state], [200, 'cancelled']);
});
