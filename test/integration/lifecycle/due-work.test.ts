import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, always, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: SharedInstallation;
let api: ApiClient;
before(async () => {
  installation = await borrowInstallation(attachToStack());
  api = installation.client();
  await declareBasics(api);
  const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 100 }, retention: { deletedDays: 0 } };
  await api.call('putPlan', {
    params: { name: 'ephemeral' },
    ifNoneMatch: '*',
    body: { apiVersion: 'tenure/v1', kind: 'Plan', metadata: { name: 'ephemeral' }, spec },
  });
});
after(() => installation.stop());

test('a deleted tenant is purged automatically when its purge is due', async () => {
  await activeTenant(api, 'expired', { plan: 'ephemeral' });
  const { uid } = (await api.call('getTenant', { params: { name: 'expired' } })).body.metadata;
  await takeAll(api, 'expired', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  await until(
    'the tenant is purged',
    async () => (await api.call('listTombstones', { query: { name: 'expired' } })).body.items.length === 1,
  );
  const entries = await readEntries(installation, { tenant: uid, action: 'tenant.purge' });
  assert.deepEqual(
    entries.map(({ outcome, actor }) => [outcome, actor.roles]),
    [
      ['allowed', ['plane']],
      ['succeeded', ['plane']],
    ],
  );
});

test('a tenant on hold is not purged: the purge is refused once, and not retried at the next sweep', async () => {
  await activeTenant(api, 'kept');
  await takeAll(api, 'kept', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const { metadata } = (
    await api.call('holdTenant', { params: { name: 'kept' }, body: { reason: 'a case' }, ...always() })
  ).body;
  const control = installation.control.db(installation.databases.control);
  // Makes the purge due now, not in ninety days.
  await control.collection('resources').updateOne({ name: 'kept' }, { $set: { 'deletion.purgeTime': new Date() } });
  const refusals = () => readEntries(installation, { tenant: metadata.uid, action: 'tenant.purge' });
  await until('the purge is refused', async () => (await refusals()).length > 0);
  assert.equal(
    await until(
      'the purge backs off',
      async () =>
        (await control.collection('backoffs').findOne({ tenant: metadata.uid }))?.['failures'] as number | undefined,
    ),
    1,
  );
  assert.deepEqual(
    (await refusals()).map(({ outcome, reason }) => [outcome, reason]),
    [['denied', 'policy_refused']],
  );
  assert.equal((await api.call('getTenant', { params: { name: 'kept' } })).body.status.lifecycle, 'Deleted');
});

test('a scheduled plan takes effect at its time, for the caller that scheduled it, unless cancelled', async () => {
  for (const name of ['scheduled', 'unscheduled']) {
    await activeTenant(api, name);
    const time = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await api.call('changePlanOfTenant', {
      params: { name },
      body: { plan: 'ephemeral', time },
      ...always(),
    });
    assert.deepEqual(body.tenant.status.scheduledPlan, { name: 'ephemeral', time });
    assert.equal(body.tenant.spec.plan, 'startup');
  }
  assert.equal(
    (await api.call('cancelPlanChangeOfTenant', { params: { name: 'unscheduled' }, ...always() })).body.status
      .scheduledPlan,
    undefined,
  );
  // Makes the scheduled plan due now, not in an hour.
  await installation.control
    .db(installation.databases.control)
    .collection('resources')
    .updateMany(
      { name: { $in: ['scheduled', 'unscheduled'] }, scheduledPlan: { $ne: null } },
      { $set: { 'scheduledPlan.time': new Date() } },
    );
  const changed = await until('the plan takes effect', async () => {
    const tenant = (await api.call('getTenant', { params: { name: 'scheduled' } })).body;
    return tenant.status.plan?.name === 'ephemeral' && tenant.status.operation === undefined ? tenant : undefined;
  });
  assert.deepEqual([changed.spec.plan, changed.status.scheduledPlan], ['ephemeral', undefined]);
  const entries = await readEntries(installation, { tenant: changed.metadata.uid, action: 'tenant.change_plan' });
  assert.deepEqual(entries.map(({ outcome, actor }) => [outcome, actor.roles]).at(-1), ['succeeded', ['admin']]);
  assert.equal((await api.call('getTenant', { params: { name: 'unscheduled' } })).body.status.plan?.name, 'startup');
});

test('a scheduled plan that is already in effect at its time is only removed from the schedule', async () => {
  await activeTenant(api, 'as-it-is');
  await api.call('changePlanOfTenant', {
    params: { name: 'as-it-is' },
    body: { plan: 'startup', time: new Date(Date.now() + 3_600_000).toISOString() },
    ...always(),
  });
  // Makes the scheduled plan due now, not in an hour.
  await installation.control
    .db(installation.databases.control)
    .collection('resources')
    .updateOne({ name: 'as-it-is' }, { $set: { 'scheduledPlan.time': new Date() } });
  const tenant = await until('nothing is scheduled', async () => {
    const { body } = await api.call('getTenant', { params: { name: 'as-it-is' } });
    return body.status.scheduledPlan === undefined ? body : undefined;
  });
  assert.deepEqual([tenant.spec.plan, tenant.status.operation], ['startup', undefined]);
  const entries = await readEntries(installation, { tenant: tenant.metadata.uid, action: 'tenant.change_plan' });
  assert.deepEqual(
    entries.map(({ event }) => event?.type),
    ['tenant.plan_change_scheduled.v1', 'tenant.plan_change_unscheduled.v1'],
  );
});
