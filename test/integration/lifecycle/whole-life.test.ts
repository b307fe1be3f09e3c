import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import type { ApiError } from '../../../client/api-error.ts';
import { openTenant } from '../../../client/open-tenant.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, conditionOf, ended, take, takeAll } from '../../harness/lifecycle.ts';
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

test('a tenant’s data is kept on every path except purge, which makes its name available again', async () => {
  const name = 'whole-life';
  const { metadata } = await activeTenant(api, name);
  const { body: unfit } = await api.call('listTenants', {
    query: { condition: 'QuotaSatisfied!=True', namePrefix: name },
  });
  assert.deepEqual(
    [conditionOf(await read(name), 'QuotaSatisfied'), unfit.items.length],
    ['True WithinPlan', 0],
    'a search for tenants that exceed their plan does not find one that fits',
  );
  const first = await openTenant(api, name);
  await first.collection('orders').insertOne({ sku: 'kept' });

  await takeAll(api, name, ['suspendTenant']);
  assert.equal(conditionOf(await read(name), 'Ready'), 'False Suspended');
  // mongod refuses a session that was opened before.
  await assert.rejects(first.collection('orders').findOne({}), { code: 13 });
  await first.close();
  await assert.rejects(openTenant(api, name), /only an Active tenant/);

  await takeAll(api, name, ['resumeTenant']);
  const again = await openTenant(api, name);
  assert.equal((await again.collection('orders').findOne({}))?.['sku'], 'kept');
  await again.close();

  await takeAll(api, name, ['suspendTenant', 'archiveTenant']);
  assert.equal(conditionOf(await read(name), 'Provisioned'), 'False Archived');
  await takeAll(api, name, ['reactivateTenant']);
  const back = await openTenant(api, name);
  assert.equal((await back.collection('orders').findOne({}))?.['sku'], 'kept');
  await back.close();

  await takeAll(api, name, ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const deleted = await read(name);
  assert.equal(deleted.status.lifecycle, 'Deleted');
  assert.ok(deleted.status.deletion !== undefined);
  const days =
    (Date.parse(deleted.status.deletion.purgeTime) - Date.parse(deleted.status.deletion.deleteTime)) / 86_400_000;
  assert.equal(days, 90);
  await takeAll(api, name, ['undeleteTenant']);
  assert.equal((await read(name)).status.lifecycle, 'Archived');
  assert.equal((await read(name)).status.deletion, undefined);

  await takeAll(api, name, ['deleteTenant']);
  const refused = api.call('purgeTenant', { params: { name }, body: {}, ifMatch: '*', idempotencyKey: randomUUID() });
  await assert.rejects(refused, /is not purged before/);
  const { body } = await api.call('purgeTenant', {
    params: { name },
    body: { early: true },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  await assert.rejects(read(name), (error: ApiError) => error.problem.code === 'not_found');
  const { body: tombstones } = await api.call('listTombstones', { query: { name } });
  assert.deepEqual(
    tombstones.items.map(({ uid }) => uid),
    [metadata.uid],
  );
  assert.equal((await api.call('getTombstone', { params: { uid: metadata.uid } })).body.name, name);

  const successor = await activeTenant(api, name);
  assert.notEqual(successor.metadata.uid, metadata.uid);
  assert.ok(successor.metadata.revision > deleted.metadata.revision, 'no two tenants share an ETag');

  const entries = await readEntries(installation, { tenant: metadata.uid });
  assert.deepEqual(
    entries.flatMap(({ event }) => (event === undefined ? [] : [event.type])),
    [
      'created',
      'activated',
      'suspended',
      'resumed',
      'suspended',
      'archived',
      'reactivated',
      'suspended',
      'archived',
      'deleted',
      'undeleted',
      'deleted',
      'purged',
    ].map((what) => `tenant.${what}.v1`),
  );
});

test('a Draft is deleted, undeleted as a Draft, and purged without ever having been placed', async () => {
  const name = 'never-placed';
  await api.call('createTenant', {
    body: {
      apiVersion: 'tenure/v1',
      kind: 'Tenant',
      metadata: { name },
      spec: { plan: 'startup', services: [{ name: 's', collections: [{ name: 'c' }] }] },
    },
    idempotencyKey: randomUUID(),
  });
  await takeAll(api, name, ['deleteTenant', 'undeleteTenant']);
  assert.equal((await read(name)).status.lifecycle, 'Draft');
  await takeAll(api, name, ['deleteTenant']);
  const { body } = await api.call('purgeTenant', {
    params: { name },
    body: { early: true },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  const operation = await ended(api, body.operation?.id ?? '');
  assert.equal(operation.state, 'succeeded');
  assert.match(operation.steps[0]?.result ?? '', /was never placed/);
});

test('a path that is not allowed from the current state is refused with the allowed ones', async () => {
  await activeTenant(api, 'misled');
  const archive = api.call('archiveTenant', { params: { name: 'misled' }, ifMatch: '*', idempotencyKey: randomUUID() });
  await assert.rejects(archive, (error: { problem: { code: string; errors?: { allowed?: string[] }[] } }) => {
    assert.equal(error.problem.code, 'transition_not_allowed');
    assert.deepEqual(error.problem.errors?.[0]?.allowed, ['suspend', 'change_plan', 'reconcile']);
    return true;
  });
});

test('a tenant changes its plan, and changes it back', async () => {
  const name = 'upgrading';
  await activeTenant(api, name);
  await api.call('putPlan', {
    params: { name: 'bigger' },
    ifNoneMatch: '*',
    body: {
      apiVersion: 'tenure/v1',
      kind: 'Plan',
      metadata: { name: 'bigger' },
      spec: { isolationModes: ['dedicated'], quotas: { tables: 500 }, price: { amount: '99.50', currency: 'EUR' } },
    },
  });
  const { body: preview } = await api.call('previewPlanOfTenant', { params: { name }, query: { plan: 'bigger' } });
  assert.deepEqual([preview.allowed, preview.next.quotas?.tables, preview.next.price?.amount], [true, 500, '99.50']);
  const change = async (plan: string) => {
    const { body } = await api.call('changePlanOfTenant', {
      params: { name },
      body: { plan },
      ifMatch: '*',
      idempotencyKey: randomUUID(),
    });
    assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
    return read(name);
  };
  const bigger = await change('bigger');
  assert.deepEqual(
    [bigger.spec.plan, bigger.status.plan?.name, conditionOf(bigger, 'Ready')],
    ['bigger', 'bigger', 'True Active'],
  );
  const back = await change('startup');
  assert.deepEqual([back.spec.plan, back.status.plan?.name], ['startup', 'startup']);
});

test('an added collection counts in the cell’s budget, and an archived tenant counts less', async () => {
  const name = 'growing';
  const { metadata } = await activeTenant(api, name);
  const tables = async () => (await installation.store.resources.findByUid('Tenant', metadata.uid))?.tables;
  assert.equal(await tables(), 6);
  const { services } = tenantManifest(name).spec;
  const added = [
    ...services,
    { name: 'more', collections: [{ name: 'added', indexes: [{ keys: [{ field: 'number' }] }] }] },
  ];
  const { body } = await api.call('putTenant', {
    params: { name },
    ifMatch: '*',
    body: tenantManifest(name, { services: added }),
  });
  assert.equal(body.operation?.kind, 'reconcile');
  assert.equal((await ended(api, body.operation.id)).state, 'succeeded');
  assert.equal(await tables(), 9);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant']);
  assert.equal(await tables(), 6);
});

test('a legal hold blocks deletion and purge until its own verb releases it', async () => {
  const name = 'held';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant']);
  const held = (
    await api.call('holdTenant', {
      params: { name },
      body: { reason: 'case 4711' },
      ifMatch: '*',
      idempotencyKey: randomUUID(),
    })
  ).body;
  assert.equal(conditionOf(held, 'DeletionBlocked'), 'True LegalHold');
  await assert.rejects(take(api, 'deleteTenant', name), /case 4711|hold/);
  await api.call('releaseHoldOfTenant', { params: { name }, ifMatch: '*', idempotencyKey: randomUUID() });
  await takeAll(api, name, ['deleteTenant']);
  await api.call('holdTenant', {
    params: { name },
    body: { reason: 'case 4712' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  await assert.rejects(
    api.call('purgeTenant', { params: { name }, body: { early: true }, ifMatch: '*', idempotencyKey: randomUUID() }),
    /case 4712|hold/,
  );
});
