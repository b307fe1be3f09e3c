import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { readKeyring } from '../../../platform/config-files.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { takeAll } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

const stack = attachToStack();
const { current } = readKeyring('keyring', stack.files.keyring);
let installation: SharedInstallation;
let api: ApiClient;
before(async () => {
  installation = await borrowInstallation(stack);
  api = installation.client();
  await declareBasics(api);
});
after(() => installation.stop());

async function declarePlan(
  wrappingKeys: string[],
  precondition: { ifMatch: '*' } | { ifNoneMatch: '*' } = { ifMatch: '*' },
): Promise<void> {
  const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 100 }, encryption: { wrappingKeys } };
  await api.call('putPlan', {
    params: { name: 'vaulted' },
    ...precondition,
    body: { apiVersion, kind: 'Plan', metadata: { name: 'vaulted' }, spec },
  });
}

const verb = (name: string) => ({ params: { name }, ifMatch: '*', idempotencyKey: randomUUID() }) as const;
const operations = async () => (await api.call('listOperations', { query: {} })).body.items;
const refusedBy = (rule: string) => (error: unknown) =>
  error instanceof ApiError &&
  error.problem.code === 'policy_refused' &&
  error.problem.errors?.map((one) => one.rule).join() === rule;

test('an activation is refused before anything is accepted if the keyring has no wrapping key of the plan, and is accepted once it has one', async () => {
  await declarePlan(['no-such-key', 'nor-this'], { ifNoneMatch: '*' });
  await api.call('createTenant', {
    body: tenantManifest('drafted', { plan: 'vaulted' }),
    idempotencyKey: randomUUID(),
  });
  await assert.rejects(api.call('activateTenant', verb('drafted')), refusedBy('encryption.wrapping_key'));
  const active = tenantManifest('at-once', { plan: 'vaulted', lifecycle: 'Active' });
  await assert.rejects(
    api.call('createTenant', { body: active, idempotencyKey: randomUUID() }),
    refusedBy('encryption.wrapping_key'),
  );
  await assert.rejects(api.call('getTenant', { params: { name: 'at-once' } }), { code: 'not_found' });
  assert.deepEqual(await operations(), []);
  const { metadata, status } = (await api.call('getTenant', { params: { name: 'drafted' } })).body;
  assert.equal(status.lifecycle, 'Draft');
  const refusals = (await readEntries(installation, { tenant: metadata.uid, action: 'tenant.activate' })).map(
    ({ outcome, policy }) => [outcome, policy?.rules],
  );
  assert.deepEqual(refusals, [['denied', ['encryption.wrapping_key']]]);

  await declarePlan(['no-such-key', current]);
  await takeAll(api, 'drafted', ['activateTenant']);
});

test('a tenant whose plan no longer allows its data key is neither opened nor reconciled, but can be suspended, archived and deleted', async () => {
  await api.call('createTenant', {
    body: tenantManifest('outdated', { plan: 'vaulted' }),
    idempotencyKey: randomUUID(),
  });
  await takeAll(api, 'outdated', ['activateTenant']);
  await declarePlan(['no-such-key']);
  await assert.rejects(
    api.call('openTenant', { params: { name: 'outdated' }, body: {} }),
    refusedBy('encryption.data_key'),
  );
  const before = (await operations()).length;
  await assert.rejects(api.call('reconcileTenant', verb('outdated')), refusedBy('encryption.data_key'));
  assert.equal((await operations()).length, before);
  await takeAll(api, 'outdated', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
});
