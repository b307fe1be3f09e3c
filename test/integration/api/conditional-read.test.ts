import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { borrowDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await borrowDeclared());
  const api = installation.client();
  await activeTenant(api, 'acme');
});
after(() => installation.stop());

const paths = ['/v1/tenants/acme', '/v1/plans/startup', '/v1/regions/eu-west-1'];

test('a resource that the caller already has is not sent again until it changes', async () => {
  for (const path of paths) {
    const etag = (await exchange({ path })).headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"77", ${etag}`, '*'])
      assert.equal((await exchange({ path, headers: { 'if-none-match': known } })).status, 304, `${path} ${known}`);
    assert.equal((await exchange({ path, headers: { 'if-none-match': '"0"' } })).status, 200);
  }
  const { headers } = await exchange({ path: '/v1/tenants/acme' });
  await exchange({
    method: 'PUT',
    path: '/v1/tenants/acme',
    body: tenantManifest('acme', { lifecycle: 'Active', displayName: 'Acme' }),
    headers: { 'if-match': '*' },
  });
  assert.equal(
    (await exchange({ path: '/v1/tenants/acme', headers: { 'if-none-match': headers.get('etag') ?? '' } })).status,
    200,
  );
});

test('a tenant that the caller may not see is not found, whatever ETag is sent', async () => {
  const stranger = { roles: ['service'], tenants: ['01hzzzzzzzzzzzzzzzzzzzzza1'] };
  assert.equal(
    (await exchange({ path: '/v1/tenants/acme', who: stranger, headers: { 'if-none-match': '*' } })).problem().code,
    'not_found',
  );
});

test('answers are private, and only answers with an ETag may be stored', async () => {
  for (const path of paths) assert.equal((await exchange({ path })).headers.get('cache-control'), 'private, no-cache');
  for (const path of ['/v1/tenants', '/v1/operations', '/v1/tenants/acme:drift'])
    assert.equal((await exchange({ path })).headers.get('cache-control'), 'no-store');
});

test('long answers are compressed if the caller accepts it; credentials never are', async () => {
  const headers = { 'accept-encoding': 'gzip' };
  const list = await exchange({ path: '/v1/operations', headers });
  assert.equal(list.headers.get('content-encoding'), 'gzip');
  const opened = await exchange({ method: 'POST', path: '/v1/tenants/acme:open', body: {}, headers });
  assert.deepEqual(
    [opened.status, opened.headers.get('content-encoding'), opened.headers.get('cache-control')],
    [200, null, 'no-store, no-transform'],
  );
});

test('an uncompressed answer has its content length, and the answer to HEAD has the same', async () => {
  for (const path of ['/v1/tenants/acme', '/v1/operations']) {
    const { headers, text } = await exchange({ path, headers: { 'accept-encoding': 'identity' } });
    assert.equal(headers.get('content-length'), String(Buffer.byteLength(text)));
    const head = await exchange({
      method: 'HEAD',
      path,
      headers: { 'accept-encoding': 'identity' },
      keepsContract: false,
    });
    assert.equal(head.headers.get('content-length'), headers.get('content-length'));
  }
  const unchanged = await exchange({ path: '/v1/tenants/acme', headers: { 'if-none-match': '*' } });
  assert.deepEqual([unchanged.status, unchanged.headers.get('content-length')], [304, null]);
});
