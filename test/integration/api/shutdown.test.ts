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
  ({ installation, exchange } = await startDeclared({ settings: { TENURE_DRAIN_SECONDS: '1' } }));
});
after(() => installation.stop());

/** Shorter than idle connections are kept: a process that drains must not wait for them. */
const soonMs = 9_000;

const create = (name: string, lifecycle: 'Draft' | 'Active') =>
  exchange({
    method: 'POST',
    path: '/v1/tenants',
    body: tenantManifest(name, { lifecycle }),
    headers: { 'idempotency-key': name },
  });

test('on SIGTERM, a caller that waits for an operation gets its current state, and the process exits with 0', async () => {
  const held = armFailpoint(installation, 'place.before-intent', 'pause');
  const { operation } = (await create('waited-for', 'Active')).json<RouteAnswer<'createTenant'>>();
  await held.hit();
  try {
    const waiting = [1, 2, 3].map(() =>
      exchange({ path: `/v1/operations/${operation?.id ?? ''}:wait?timeoutSeconds=60` }),
    );
    // Later requests on other connections are answered, so these have arrived.
    for (const path of ['/v1/plans', '/v1/regions']) await exchange({ path });
    const stopped = performance.now();
    const ended = installation.api.kill('SIGTERM');
    for (const answer of await Promise.all(waiting)) {
      assert.equal(answer.status, 200);
      assert.equal(answer.json<RouteAnswer<'waitOperation'>>().state, 'running');
    }
    await ended;
    assert.equal(installation.api.exitCode, 0, installation.api.output().slice(-2000));
    assert.ok(performance.now() - stopped < soonMs, `ended after ${performance.now() - stopped} ms`);
  } finally {
    held.release();
  }

  installation.api.start();
  await installation.api.ready();
  const after = await exchange({ path: `/v1/operations/${operation?.id ?? ''}:wait` });
  assert.equal(after.json<RouteAnswer<'waitOperation'>>().state, 'succeeded', 'the operation ran without the API');
});

test('while the API drains, it reports that it is not ready, still answers for a while, finishes the running request, and then accepts no new one', async () => {
  const held = armFailpoint(installation, 'accept.before-commit', 'pause');
  const begun = create('begun', 'Draft');
  await held.hit();
  const ended = installation.api.kill('SIGTERM');
  const opsPort = installation.environment['TENURE_API_OPS_PORT'] ?? '';
  const readiness = await until('the API reports that it is not ready', async () => {
    const answer = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
    return answer.status === 503 ? ((await answer.json()) as { checks: Record<string, string> }) : undefined;
  });
  assert.equal(readiness.checks['process'], 'stopping');
  const answer = await fetch(`${installation.server}/livez`);
  assert.deepEqual(
    [answer.status, answer.headers.get('connection')],
    [200, 'close'],
    'a caller that does not know it yet gets an answer, and reconnects elsewhere',
  );
  await until('no new connection is accepted', () =>
    fetch(`${installation.server}/livez`, { headers: { connection: 'close' } }).then(
      () => false,
      () => true,
    ),
  );
  held.release();
  assert.equal((await begun).status, 201);
  await ended;
  assert.equal(installation.api.exitCode, 0);

  installation.api.start();
  await installation.api.ready();
  assert.equal((await exchange({ path: '/v1/tenants/begun' })).status, 200);
});

test('a request whose caller disconnects is logged and counted', async () => {
  const held = armFailpoint(installation, 'accept.before-commit', 'pause');
  const leaving = new AbortController();
  const token = await installation.token();
  const left = fetch(`${installation.server}/v1/tenants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'left' },
    body: JSON.stringify(tenantManifest('left')),
    signal: leaving.signal,
  });
  await held.hit();
  leaving.abort();
  await assert.rejects(left);
  held.release();
  const metrics = async () =>
    (await fetch(`http://127.0.0.1:${installation.environment['TENURE_API_OPS_PORT'] ?? ''}/metrics`)).text();
  await until('it is counted', async () =>
    (await metrics()).split('\n').some((line) => line.includes('status="499"') && line.includes('route="/v1/tenants"')),
  );
  await until('it is logged', () => installation.api.output().includes('request aborted by its caller'));
});

test('a worker exits with 0 on SIGTERM', async () => {
  await installation.worker.kill('SIGTERM');
  assert.equal(installation.worker.exitCode, 0, installation.worker.output().slice(-2000));
});
