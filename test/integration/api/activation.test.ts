import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { openTenant } from '../../../client/open-tenant.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
before(async () => {
  installation = await borrowInstallation(attachToStack());
  await declareBasics(installation.client());
});
after(() => installation.stop());

test('a declared tenant becomes Active and can be opened, and its handle gives access only to its own data', async () => {
  const api = installation.client();
  const put = await api.call('putTenant', {
    params: { name: 'acme' },
    ifNoneMatch: '*',
    body: tenantManifest('acme', { lifecycle: 'Active' }),
  });
  assert.equal(put.status, 202);
  assert.ok('operation' in put.body && put.body.operation !== undefined);
  const { body: operation } = await api.call('waitOperation', {
    params: { id: put.body.operation.id },
    query: { timeoutSeconds: 30 },
  });
  assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
  assert.deepEqual(operation.progress, { done: 7, total: 7 });

  const { body: tenant } = await api.call('getTenant', { params: { name: 'acme' } });
  assert.equal(tenant.status.lifecycle, 'Active');
  assert.equal(tenant.status.conditions.find((condition) => condition.type === 'Ready')?.status, 'True');
  assert.equal(tenant.status.operation, undefined);

  const opened = await openTenant(api, 'acme');
  try {
    await opened.collection('orders').insertOne({ sku: 'a-1' });
    assert.equal(await opened.collection('orders').countDocuments(), 1);
    await assert.rejects(opened.collection('orders').insertOne({ wrong: true }), /Document failed validation/);
    await assert.rejects(opened.db.collection('other').insertOne({ sku: 'a-1' }), { code: 13 });
    assert.throws(
      () => opened.collection('other'),
      /does not declare a collection "other"; it declares orders, events/,
    );
  } finally {
    await opened.close();
  }
  assert.equal(await opened.closed, 'closed by its holder');
});

for (const mode of ['schema', 'hybrid'] as const) {
  test(`the collections of a tenant in mode ${mode} are opened by their declared names, wherever they are`, async () => {
    const api = installation.client();
    const [shop] = tenantManifest(mode).spec.services;
    const services =
      mode === 'schema'
        ? [shop!]
        : [shop!, { name: 'pooled', strategy: 'schema' as const, collections: [{ name: 'visits' }] }];
    const { body } = await api.call('createTenant', {
      body: tenantManifest(mode, { lifecycle: 'Active', placement: { mode }, services }),
    });
    const { body: operation } = await api.call('waitOperation', {
      params: { id: body.operation?.id ?? '' },
      query: { timeoutSeconds: 30 },
    });
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));

    const { body: tenant } = await api.call('getTenant', { params: { name: mode } });
    assert.deepEqual(
      tenant.status.placement?.database,
      mode === 'schema' ? 'tenure_pool' : `tenant_${tenant.metadata.uid}`,
    );
    const opened = await openTenant(api, mode);
    try {
      for (const name of opened.collections) await opened.collection(name).insertOne({ sku: name });
      for (const name of opened.collections) assert.equal(await opened.collection(name).countDocuments(), 1);
      const pooled = opened.collections.filter(
        (name) => opened.collection(name).namespace === `tenure_pool.${name}_${opened.uid}`,
      );
      assert.deepEqual(pooled, mode === 'schema' ? ['orders', 'events'] : ['visits']);
      await assert.rejects(opened.collection('orders').insertOne({ wrong: true }), /Document failed validation/);
      await assert.rejects(opened.db.collection('other').insertOne({ sku: 'a-1' }), { code: 13 });
      assert.throws(() => opened.collection(`orders_${opened.uid}`), /does not declare a collection/);
    } finally {
      await opened.close();
    }
  });
}

test('if an older server does not send namespaces, the client expects all collections in the database of the tenant', async () => {
  const api = installation.client();
  const older: ApiClient = {
    ...api,
    async call(...asked) {
      const answer = await api.call(...asked);
      delete (answer.body as { namespaces?: unknown }).namespaces;
      return answer;
    },
  };
  const opened = await openTenant(older, 'acme');
  try {
    await opened.collection('events').insertOne({ at: new Date() });
    assert.throws(() => opened.collection('other'), /does not declare a collection "other"/);
  } finally {
    await opened.close();
  }
});
