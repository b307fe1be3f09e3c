import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await startDeclared({ worker: false }));
});
after(() => installation.stop());

const create = (name: string) => ({
  method: 'POST',
  path: '/v1/tenants',
  body: tenantManifest(name),
  headers: { 'idempotency-key': name },
});

/** Sends a request, and closes its connection while the API is about to commit. */
async function abandon({ method, path, body, headers }: ReturnType<typeof create>): Promise<void> {
  const held = armFailpoint(installation, 'accept.before-commit', 'pause');
  const given = new AbortController();
  const sent = fetch(`${installation.server}${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${await installation.token()}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: given.signal,
  });
  await held.hit();
  const aborted = (): number => installation.api.output().split('"status":499').length;
  const before = aborted();
  given.abort();
  await assert.rejects(sent);
  await until('the API has seen that the connection is closed', () => aborted() > before);
  held.release();
}

test('a request whose caller has closed the connection is not committed, and frees its key', async () => {
  await abandon(create('abandoned'));
  const answer = await until('the key is free', async () => {
    const repeated = await exchange(create('abandoned'));
    return repeated.status < 400 ? repeated : undefined;
  });
  assert.equal(answer.headers.get('idempotency-replayed'), null, 'the first attempt had an effect');
  assert.equal(answer.json<RouteAnswer<'createTenant'>>().tenant.metadata.generation, 1);
});
