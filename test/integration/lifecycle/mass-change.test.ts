import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

let installation: Installation;
let api: ApiClient;
const drafts = Array.from({ length: 12 }, (_, index) => `draft-${index}`);
before(async () => {
  installation = await startInstallation(attachToStack(), {
    settings: { TENURE_BRAKE_AT_LEAST: '1', TENURE_BRAKE_SHARE: '0.25' },
  });
  api = installation.client();
  await declareBasics(api);
  for (const name of drafts)
    await api.call('createTenant', { body: tenantManifest(name), idempotencyKey: randomUUID() });
});
after(() => installation.stop());

const remove = (name: string, client = api, confirmMassChange?: 'true') =>
  client.call('deleteTenant', {
    params: { name },
    query: confirmMassChange === undefined ? {} : { confirmMassChange },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });

test('concurrent requests delete at most a quarter of twelve tenants; the others need a confirmation', async () => {
  // All counts are in one document: on a busy machine, a request that loses too often is told to retry.
  const { server, token } = installation;
  const patient = createApiClient({ server, token: () => token(), retryForMs: 120_000 });
  const results = await Promise.allSettled(drafts.slice(0, 8).map((name) => remove(name, patient)));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 3);
  for (const result of results)
    if (result.status === 'rejected')
      assert.match(String(result.reason), /of 12 tenants .* more than 3 need a confirmation/);
});

test('an operator’s confirmation is not enough, an admin’s is', async () => {
  await assert.rejects(
    remove(drafts[8] ?? '', installation.client({ roles: ['operator'] }), 'true'),
    /does not allow tenant.pass_brake/,
  );
  await assert.rejects(remove(drafts[8] ?? ''), /need a confirmation/);
  assert.equal((await remove(drafts[8] ?? '', api, 'true')).status, 202);
});

test('the brake does not apply to changes that take nothing away', async () => {
  for (const name of drafts.slice(9, 12))
    await api.call('putTenant', { params: { name }, ifMatch: '*', body: tenantManifest(name, { displayName: name }) });
});
