import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { watchTenants } from '../../../client/watch.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpAnswer, HttpRequest } from '../../harness/http-exchange.ts';
import { needsNoControlData, requestBy, routeIds } from '../../harness/route-requests.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let stack: EmbeddedStack;
let installation: Installation;
let exchange: Exchange;
let acceptedLast: HttpAnswer;
before(async () => {
  stack = await createTemporaryStack();
  installation = await startInstallation(stack);
  exchange = createExchange(installation);
  const api = installation.client();
  await declareBasics(api);
  await api.call('createTenant', { body: tenantManifest('draft') });
});
after(async () => {
  try {
    await installation.stop();
  } finally {
    await stack.stop();
  }
});

/** Kills a part of the stack, and starts it again when the work is done or has failed. */
async function whileAway(
  part: { kill(signal: NodeJS.Signals): Promise<void>; start(): Promise<void> },
  work: () => Promise<void>,
): Promise<void> {
  await part.kill('SIGKILL');
  try {
    await work();
  } finally {
    await part.start();
  }
}

const create = (name: string, spec: Parameters<typeof tenantManifest>[1] = { lifecycle: 'Active' }): HttpRequest => ({
  method: 'POST',
  path: '/v1/tenants',
  body: tenantManifest(name, spec),
  headers: { 'idempotency-key': name },
});

async function succeeds(accepted: HttpAnswer): Promise<void> {
  assert.equal(accepted.status, 202, accepted.text);
  const { operation } = accepted.json<RouteAnswer<'createTenant'>>();
  const ended = await exchange({ path: `/v1/operations/${operation?.id ?? ''}:wait?timeoutSeconds=60` });
  assert.equal(ended.json<RouteAnswer<'getOperation'>>().state, 'succeeded', ended.text);
}

/** Sends the request until the answer is not 503: the API must recover without help. */
const recovered = (request: HttpRequest): Promise<HttpAnswer> =>
  until(`${request.path} is answered again`, async () => {
    const answer = await exchange(request);
    return answer.status === 503 ? undefined : answer;
  });

async function requireUnready(what: string): Promise<void> {
  const ready = await fetch(`${installation.server}/readyz`);
  assert.equal(ready.status, 503);
  assert.equal(((await ready.json()) as { checks: Record<string, string> }).checks[what], 'failed');
  assert.equal((await fetch(`${installation.server}/livez`)).status, 200, 'the process is still alive');
}

/** Far longer than any part of the API waits for Temporal. */
const soonMs = 15_000;

test('while Temporal is unavailable, requests that need an operation answer 503 and leave no trace, everything else works, and the API recovers without help', async () => {
  const accepting = armFailpoint(installation, 'accept.after-commit', 'pause');
  const lastAccepted = exchange(create('accepted-last'));
  await accepting.hit();
  const activations: readonly HttpRequest[] = [
    create('waiting'),
    {
      method: 'PUT',
      path: '/v1/tenants/draft',
      body: tenantManifest('draft', { lifecycle: 'Active' }),
      headers: { 'if-match': '*' },
    },
    { method: 'POST', path: '/v1/tenants/draft:activate', headers: { 'if-match': '*', 'idempotency-key': 'activate' } },
  ];
  await whileAway(stack.temporalServer, async () => {
    accepting.release();
    const released = performance.now();
    acceptedLast = await lastAccepted;
    assert.ok(performance.now() - released < soonMs, 'a committed request is answered soon');
    const state = await readControlState(installation);
    const entries = await entriesOf(installation, async () => {
      const answers = await Promise.all(activations.map((request) => exchange(request)));
      for (const answer of answers) assert.equal(answer.problem().code, 'temporal_unavailable', answer.text);
    });
    assert.deepEqual(entries, []);
    assert.deepEqual(await readControlState(installation), state);
    await requireUnready('temporal');
    assert.equal((await exchange({ path: '/v1/tenants/draft' })).status, 200);
    assert.equal((await exchange(create('drafted', {}))).status, 201, 'a Draft needs no operation');
    assert.equal(
      (await exchange(create('refused', { lifecycle: 'Active', plan: 'nowhere' }))).status,
      422,
      'a request that is refused in any case is refused',
    );
  });
  await succeeds(await recovered(activations[0]!));
});

test('while a cell is unavailable, a tenant that fits nowhere else is answered 503 before it is accepted, others are placed elsewhere, and the API recovers without help', async () => {
  const american = create('american', { lifecycle: 'Active', residency: { allowedRegions: ['us-east-1'] } });
  await whileAway(stack.mongodHandle('us-east-1'), async () => {
    await until(
      'the worker sees that the cell is unavailable',
      async () => (await installation.store.cells.observations()).get('us-east-1-a')?.reachable === false,
    );
    const state = await readControlState(installation);
    const entries = await entriesOf(installation, async () => {
      const answer = await exchange(american);
      assert.equal(answer.problem().code, 'cell_unavailable', answer.text);
    });
    assert.deepEqual(entries, []);
    assert.deepEqual(await readControlState(installation), state);
    await succeeds(
      await exchange(create('anywhere', { lifecycle: 'Active', placement: { preferredRegion: 'us-east-1' } })),
    );
    assert.equal(
      (await exchange({ path: '/v1/tenants/anywhere' })).json<RouteAnswer<'getTenant'>>().status.placement?.region,
      'eu-west-1',
    );
  });
  await succeeds(await recovered(american));
});

test('an operation that was accepted while Temporal failed starts when it is back', () => succeeds(acceptedLast));

test('while the control database is unavailable, every route answers 503 and the process stays alive; API, worker and watches recover without help', async () => {
  const stopping = new AbortController();
  const told: string[] = [];
  const watching = (async () => {
    for await (const news of watchTenants(installation.client(), { name: 'after', signal: stopping.signal }))
      told.push(news.kind);
  })().catch(() => undefined);
  await until('the watch has begun', () => told.length > 0);
  await whileAway(stack.mongodHandle('control'), async () => {
    await Promise.all(
      routeIds
        .filter((id) => !needsNoControlData.includes(id))
        .map(async (id) => {
          const answer = await exchange(requestBy(id, { name: 'nobody', headers: { 'if-match': '*' } }));
          assert.equal(answer.problem().code, 'control_unavailable', `${id}: ${answer.text}`);
        }),
    );
    await requireUnready('control');
    const stranger = await exchange({ path: '/v1/tenants', headers: { authorization: '' } });
    assert.equal(stranger.status, 401, 'authentication does not need the control database');
  });
  await recovered({ path: '/v1/tenants' });
  await succeeds(await recovered(create('after')));
  await until('the watch has continued', () => told.includes('changed'));
  stopping.abort();
  await watching;
});
