import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { operationSchema } from '../../../contracts/operation.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await startDeclared());
});
after(() => installation.stop());

type Change = RouteAnswer<'suspendTenant'>;
const waiting = { prefer: 'respond-async, wait=30' };

test('a change that waits answers with the changed tenant and the ended operation', async () => {
  const created = await exchange({
    method: 'POST',
    path: '/v1/tenants',
    body: tenantManifest('acme', { lifecycle: 'Active' }),
    headers: { 'idempotency-key': 'create', ...waiting },
  });
  assert.equal(created.status, 201, created.text);
  assert.equal(created.headers.get('preference-applied'), 'wait=30');
  const { tenant, operation } = created.json<Change>();
  assert.deepEqual([tenant.status.lifecycle, operation?.state], ['Active', 'succeeded']);
  assert.equal(created.headers.get('etag'), `"${tenant.metadata.revision}"`);
});

test('a repeat with the same key waits too, and answers with the current state', async () => {
  const repeated = await exchange({
    method: 'POST',
    path: '/v1/tenants',
    body: tenantManifest('acme', { lifecycle: 'Active' }),
    headers: { 'idempotency-key': 'create', ...waiting },
  });
  assert.deepEqual([repeated.status, repeated.headers.get('idempotency-replayed')], [201, 'true'], repeated.text);
  assert.equal(repeated.json<Change>().operation?.state, 'succeeded');
});

test('a failed operation is in the answer too, with its error', async () => {
  const services = [
    { name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }] },
  ];
  const failed = await exchange({
    method: 'PUT',
    path: '/v1/tenants/broken',
    body: tenantManifest('broken', { lifecycle: 'Active', services }),
    headers: { 'if-none-match': '*', ...waiting },
  });
  assert.equal(failed.status, 200, failed.text);
  const { tenant, operation } = failed.json<Change>();
  assert.deepEqual(
    [tenant.status.lifecycle, operation?.state, operation?.error?.code],
    ['Draft', 'failed', 'schema_rejected'],
  );
});

test('a purge that waits answers with the last state of the tenant', async () => {
  for (const [method, path] of [
    ['DELETE', '/v1/tenants/broken'],
    ['POST', '/v1/tenants/broken:purge'],
  ] as const) {
    const body = method === 'POST' ? { early: true } : undefined;
    const answer = await exchange({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      headers: { 'if-match': '*', 'idempotency-key': path, ...waiting },
    });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json<Change>().operation?.state, 'succeeded');
  }
  assert.equal((await exchange({ path: '/v1/tenants/broken' })).problem().code, 'not_found');
});

test('after the wait time, the answer is the same as without waiting: 202', async () => {
  await installation.worker.kill('SIGTERM');
  try {
    const answer = await exchange({
      method: 'POST',
      path: '/v1/tenants/acme:suspend',
      headers: { 'if-match': '*', 'idempotency-key': 'suspend', prefer: 'wait=0' },
    });
    assert.deepEqual([answer.status, answer.headers.get('preference-applied')], [202, 'wait=0'], answer.text);
    const cancelled = await exchange({
      method: 'POST',
      path: `${answer.headers.get('location')}:cancel`,
      headers: { prefer: 'wait=1' },
    });
    assert.equal(cancelled.status, 202, cancelled.text);
  } finally {
    installation.worker.start();
    await installation.worker.ready();
  }
});

test('a cancellation that waits answers with the operation, as without waiting, after it has ended', async () => {
  await activeTenant(installation.client(), 'globex');
  await installation.worker.kill('SIGTERM');
  const accepted = await exchange({
    method: 'POST',
    path: '/v1/tenants/globex:suspend',
    headers: { 'if-match': '*', 'idempotency-key': 'globex' },
  });
  assert.equal(accepted.status, 202, accepted.text);
  const cancelled = exchange({ method: 'POST', path: `${accepted.headers.get('location')}:cancel`, headers: waiting });
  installation.worker.start();
  await installation.worker.ready();
  const { status, text, json } = await cancelled;
  assert.equal(status, 200, text);
  const operation = operationSchema.parse(json());
  assert.deepEqual([operation.id, operation.state], [accepted.json<Change>().operation?.id, 'cancelled']);
});
