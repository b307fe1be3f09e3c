import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import type { ApiError } from '../../../client/api-error.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, always, conditionOf, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

const stack = attachToStack();
const placed = { placement: { preferredRegion: 'eu-west-1' } };
let installation: SharedInstallation;
let api: ApiClient;
let cell: MongoClient;
before(async () => {
  installation = await borrowInstallation(stack);
  api = installation.client();
  await declareBasics(api);
  cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
});
after(async () => {
  await cell.close();
  await installation.stop();
});

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const abandon = (id: string, client = api) => client.call('abandonOperation', { params: { id } });
const code = (expected: string) => (error: ApiError) => error.code === expected;
const collectionsOf = async (uid: string) =>
  (await cell.db(`tenant_${uid}`).listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);

test('an admin can abandon an undo that does not end: what is left is listed, and the placement is freed', async () => {
  const forward = armFailpoint(installation, 'probe-isolation.before-intent@left', 'pause');
  const { body } = await api.call('createTenant', {
    body: tenantManifest('left', { ...placed, lifecycle: 'Active' }),
    ...always(),
  });
  const id = body.operation?.id ?? '';
  await forward.hit();
  await assert.rejects(abandon(id), code('abandon_not_possible'), 'the operation is not being undone');
  await api.call('cancelOperation', { params: { id } });
  const back = armFailpoint(installation, 'create-user.before-undo@left', 'pause');
  forward.release();
  await back.hit();
  await assert.rejects(abandon(id, installation.client({ roles: ['operator'] })), code('forbidden'));
  const entries = await entriesOf(installation, async () => {
    const { body: abandoned } = await abandon(id);
    assert.deepEqual(
      [
        abandoned.state,
        abandoned.abandonment?.cell,
        abandoned.steps.filter(({ state }) => state === 'done').map(({ key }) => key),
      ],
      ['compensating', 'eu-west-1-a', ['place', 'issue-keys']],
    );
    assert.deepEqual((await abandon(id)).body.abandonment, abandoned.abandonment, 'the request may be repeated');
  });
  const uid = body.tenant.metadata.uid ?? '';
  const told = entries
    .filter(({ action }) => action === 'tenant.activate.abandon')
    .map(({ event, actor }) => [event?.type, event?.data['left'], actor.roles]);
  assert.deepEqual(told, [
    [
      'tenant.operation_abandoned.v1',
      [
        `claim tenant_${uid}`,
        `database tenant_${uid}, with everything in it`,
        `role tenant_${uid}.tenant_read_write`,
        `role tenant_${uid}.tenant_read_only`,
        `users in tenant_${uid} with names that begin with tenant_${uid}`,
      ],
      ['admin'],
    ],
  ]);
  back.release();
  assert.equal((await ended(api, id)).state, 'cancelled');
  const tenant = await read('left');
  assert.deepEqual(
    [tenant.status.lifecycle, tenant.status.placement, conditionOf(tenant, 'InSync')],
    ['Draft', undefined, 'Unknown OperationAbandoned'],
  );
  assert.ok((await collectionsOf(uid)).length > 0, 'what is on the cell is left there');
  await assert.rejects(abandon('01hzzzzzzzzzzzzzzzzzzzzza1'), code('not_found'));
});

test('an abandoned purge destroys the keys, leaves a tombstone, and keeps what is on the cell', async () => {
  await activeTenant(api, 'buried', placed);
  await takeAll(api, 'buried', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const failpoint = armFailpoint(installation, 'destroy-user.before-intent@buried', 'pause');
  const { body } = await api.call('purgeTenant', { params: { name: 'buried' }, body: { early: true }, ...always() });
  const [id, uid] = [body.operation?.id ?? '', body.tenant.metadata.uid ?? ''];
  await failpoint.hit();
  await abandon(id);
  failpoint.release();
  const operation = await ended(api, id);
  assert.deepEqual([operation.state, operation.abandonment?.cell], ['succeeded', 'eu-west-1-a']);
  assert.equal((await api.call('getTombstone', { params: { uid } })).body.name, 'buried');
  assert.equal(await installation.store.secrets.find(uid, 'data-key'), undefined);
  assert.ok((await collectionsOf(uid)).length > 0);
});

test('an operation that has ended cannot be abandoned', async () => {
  const tenant = await activeTenant(api, 'served', placed);
  const { body } = await api.call('listOperations', { query: { tenant: 'served' } });
  await assert.rejects(abandon(body.items[0]?.id ?? ''), code('operation_finished'));
  assert.equal(conditionOf(await read('served'), 'Ready'), 'True Active');
  assert.equal(tenant.status.lifecycle, 'Active');
});
