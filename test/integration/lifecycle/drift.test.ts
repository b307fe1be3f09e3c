import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import { readKeyring } from '../../../platform/config-files.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { scanForDrift } from '../../harness/drift-scan.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, conditionOf, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
let installation: Installation;
let api: ApiClient;
let cell: MongoClient;
let temporal: ReturnType<typeof createTemporalClient>;
before(async () => {
  // The tests start the scans, not the schedule.
  installation = await startInstallation(stack);
  api = installation.client();
  await declareBasics(api);
  cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
  temporal = createTemporalClient({
    address: installation.environment['TENURE_TEMPORAL_ADDRESS'] ?? '',
    namespace: 'default',
    keyring: readKeyring('codec', installation.environment['TENURE_CODEC_KEYRING_FILE'] ?? ''),
  });
});
after(async () => {
  await Promise.all([cell.close(), temporal.close()]);
  await installation.stop();
});

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const placed = { placement: { preferredRegion: 'eu-west-1' } };
const database = async (name: string) => cell.db((await read(name)).status.placement?.database);

/** The current database user of a tenant that is or was Active. */
const userOf = async (name: string): Promise<string> =>
  (await installation.store.resources.find('Tenant', name))?.databaseUser ?? '';

const scan = () => scanForDrift(installation, temporal.client);

/** Resolves when the operation that a scan has started has ended. */
async function settled(name: string): Promise<void> {
  await until(`${name} has no running operation`, async () => (await read(name)).status.operation === undefined);
}

test('one scan finds and reconciles what was changed by hand; what was added is only reported', async () => {
  const names = ['index', 'collection', 'validator', 'role', 'user', 'untouched'];
  for (const name of names) await activeTenant(api, name, placed);
  await (await database('index')).collection('orders').dropIndex('sku_1');
  await (await database('collection')).collection('events').drop();
  await (await database('validator')).command({ collMod: 'orders', validator: {}, validationLevel: 'off' });
  const role = await database('role');
  await role.command({
    grantPrivilegesToRole: 'tenant_read_write',
    privileges: [{ resource: { db: role.databaseName, collection: '' }, actions: ['find'] }],
  });
  const user = await database('user');
  await user.command({ updateUser: await userOf('user'), roles: [] });
  await user.collection('by-hand').insertOne({ _id: 'kept' as never });
  const before = await read('untouched');

  const first = await scan();
  assert.equal(first.drifted, 5);
  for (const name of names) await settled(name);
  const report = async (name: string) =>
    (await api.call('driftOfTenant', { params: { name } })).body.findings.map(({ part, kind }) => `${kind} ${part}`);
  const [detected] = (await readEntries(installation, { tenant: (await read('user')).metadata.uid })).flatMap(
    ({ event }) =>
      event?.type === 'tenant.drift_detected.v1' ? [event.data as { findings: { kind: string; part: string }[] }] : [],
  );
  assert.deepEqual(
    detected?.findings.map(({ kind, part }) => `${kind} ${part}`),
    ['wrong user', 'extra collection'],
  );
  assert.deepEqual(
    (await api.call('driftOfTenant', { params: { name: 'user' } })).body,
    { name: 'user', findings: [] },
    'the findings are resolved, and no scan has run since',
  );
  const second = await scan();
  assert.equal(second.drifted, 1, 'only what is extra is still reported');
  for (const name of names.slice(0, 4)) assert.deepEqual(await report(name), [], name);
  assert.deepEqual(await report('user'), ['extra collection']);
  assert.equal(conditionOf(await read('user'), 'InSync'), 'True ExtraObjects');
  assert.equal(await user.collection('by-hand').countDocuments(), 1, 'what the plane has not created is never deleted');
  const after = await read('untouched');
  assert.deepEqual([after.metadata.generation, after.status.operation], [before.metadata.generation, undefined]);
  assert.ok(
    !(await readEntries(installation, { tenant: after.metadata.uid })).some(({ action }) =>
      action.startsWith('tenant.reconcile'),
    ),
    'a tenant without drift is not changed',
  );
  const told = (await readEntries(installation, { tenant: (await read('index')).metadata.uid })).map(
    ({ action, event }) => event?.type ?? action,
  );
  assert.deepEqual(
    ['tenant.drift_detected.v1', 'tenant.reconciled.v1'].filter((type) => !told.includes(type)),
    [],
    told.join(),
  );
});

test('drift of a Suspended tenant is reconciled to what it should have: a user that may do nothing', async () => {
  await activeTenant(api, 'asleep', placed);
  await takeAll(api, 'asleep', ['suspendTenant']);
  const db = await database('asleep');
  const user = await userOf('asleep');
  await db.command({ updateUser: user, roles: [{ role: 'tenant_read_write', db: db.databaseName }] });
  await scan();
  await settled('asleep');
  const { users } = await db.command({ usersInfo: user });
  assert.deepEqual((users as { roles: unknown[] }[])[0]?.roles, []);
  assert.equal((await read('asleep')).status.lifecycle, 'Suspended');
});

test('drift of a Deleted tenant is only reported: it cannot be reconciled, so nothing is refused', async () => {
  const { metadata } = await activeTenant(api, 'leaving', placed);
  await takeAll(api, 'leaving', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  await (await database('leaving')).collection('events').drop();
  await scan();
  assert.equal(conditionOf(await read('leaving'), 'InSync'), 'False Drifted');
  const entries = await readEntries(installation, { tenant: metadata.uid });
  assert.deepEqual(
    entries.slice(-1).map(({ action, outcome }) => [action, outcome]),
    [['tenant.scan', 'failed']],
  );
  assert.equal(
    await installation.control
      .db(installation.databases.control)
      .collection('backoffs')
      .countDocuments({ tenant: metadata.uid }),
    0,
    'nothing will be retried',
  );
});

test('a scan that finds nothing new writes no entries', async () => {
  await scan();
  const count = (await readEntries(installation)).length;
  await scan();
  assert.equal((await readEntries(installation)).length, count);
});

test('the findings of a tenant are deleted when the tenant is purged', async () => {
  const { metadata } = await activeTenant(api, 'passing', placed);
  const control = installation.control.db(installation.databases.control);
  const found = () => control.collection<{ _id: string }>('drift').findOne({ _id: metadata.uid });
  await takeAll(api, 'passing', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  await scan();
  assert.ok((await found()) !== null);
  const { body } = await api.call('purgeTenant', {
    params: { name: 'passing' },
    body: { early: true },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  assert.equal(await found(), null);
});

test('findings of a scan that an operation has overtaken are not reported', async () => {
  const { metadata } = await activeTenant(api, 'overtaken', placed);
  const [finding] = [{ part: 'role', kind: 'wrong', name: 'tenant_read_write', detail: 'it is wrong' } as const];
  const { lastFence } = (await installation.store.resources.findByUid('Tenant', metadata.uid)) ?? { lastFence: 0 };
  const observe = (fence: number) =>
    installation.store.drift.observe([{ tenant: metadata.uid, cell: 'eu-west-1-a', fence, findings: [finding] }]);
  const reported = async () => (await api.call('driftOfTenant', { params: { name: 'overtaken' } })).body;
  await observe(lastFence);
  assert.deepEqual((await reported()).findings, [finding]);
  await takeAll(api, 'overtaken', ['reconcileTenant']);
  // The scan read the tenant before the reconciliation, and records what it found after it.
  await observe(lastFence);
  assert.deepEqual([(await reported()).findings, (await reported()).cell], [[], undefined]);
});

test('a later scan deletes what was recorded of a tenant during its purge, and nothing of other tenants', async () => {
  const { metadata } = await activeTenant(api, 'staying', placed);
  const purged = installation.store.newId();
  const control = installation.control.db(installation.databases.control);
  // As by a scan and a sweep that had read the tenant before its purge, more than an hour ago.
  const { drift, backoffs } = installation.store;
  await drift.observe([
    { tenant: purged, cell: 'eu-west-1-a', fence: 1, findings: [] },
    { tenant: metadata.uid, cell: 'eu-west-1-a', fence: 1, findings: [] },
  ]);
  await control.collection('drift').updateMany({}, { $set: { checkTime: new Date(Date.now() - 3_700_000) } });
  for (const tenant of [purged, metadata.uid]) await backoffs.failed({ work: 'purge', tenant }, () => -1);
  await scan();
  const left = async (collection: string, field: string) => [
    await control.collection(collection).countDocuments({ [field]: purged }),
    await control.collection(collection).countDocuments({ [field]: metadata.uid }),
  ];
  assert.deepEqual(
    [await left('drift', '_id'), await left('backoffs', 'tenant')],
    [
      [0, 1],
      [0, 1],
    ],
  );
});
