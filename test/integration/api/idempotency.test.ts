import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { routes } from '../../../contracts/routes.ts';
import type { RouteId } from '../../../contracts/routes.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import type { ControlState } from '../../harness/control-data.ts';
import type { Exchange, HttpAnswer, HttpRequest } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { changingRoutes, startWithChanges } from '../../harness/route-changes.ts';

let installation: Installation;
let exchange: Exchange;
let changes: ReadonlyMap<RouteId, HttpRequest>;
before(async () => {
  ({ installation, exchange, changes } = await startWithChanges());
});
after(() => installation.stop());

const kept = ['content-type', 'etag', 'location'];

/** Checks that an answer is the earlier one, byte for byte. */
function requireReplay(answer: HttpAnswer, first: HttpAnswer): void {
  assert.equal(answer.headers.get('idempotency-replayed'), 'true', answer.text);
  assert.equal(answer.status, first.status);
  assert.equal(answer.text, first.text);
  for (const header of kept) assert.equal(answer.headers.get(header), first.headers.get(header));
}

const create = (name: string, key: string, change: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  path: '/v1/tenants',
  body: tenantManifest(name),
  headers: { 'idempotency-key': key },
  ...change,
});
const plan = (name: string) => ({
  apiVersion: 'tenure/v1',
  kind: 'Plan',
  metadata: { name },
  spec: { isolationModes: ['dedicated'], quotas: { tables: 9 } },
});
const without = (state: ControlState, collection: string): ControlState => ({ ...state, [collection]: '' });

/** The change by a route, with a key. */
function changeBy(id: RouteId, headers: Readonly<Record<string, string>>): HttpRequest {
  const request = changes.get(id);
  assert.ok(request !== undefined, `a route that accepts keys is not tested: ${id}`);
  return { ...request, headers: { ...request.headers, ...headers } };
}

for (const id of changingRoutes) {
  const contract: RouteContract = routes[id];
  if (contract.idempotencyKey === 'none') continue;
  test(`${id}: the same request with the same key gets the first answer, byte for byte, and has no second effect`, async () => {
    const request = changeBy(id, { 'idempotency-key': `again-${id}` });
    const before = await readControlState(installation);
    let first!: HttpAnswer;
    const made = await entriesOf(installation, async () => {
      first = await exchange(request);
    });
    assert.ok(first.status < 300, first.text);
    assert.equal(first.headers.get('idempotency-replayed'), null);
    const state = await readControlState(installation);
    const entries = await entriesOf(installation, async () => {
      requireReplay(await exchange(request), first);
      requireReplay(await exchange(request), first);
    });
    assert.deepEqual(entries, []);
    assert.deepEqual(await readControlState(installation), state);
    // A test of a webhook is only an event.
    if (id === 'testWebhook') assert.equal(made.length, 1);
    else
      assert.notDeepEqual(without(state, 'idempotency'), without(before, 'idempotency'), 'the first one had an effect');
  });

  if (contract.idempotencyKey !== 'required') continue;
  test(`${id} without an Idempotency-Key answers 400`, async () => {
    const request = changeBy(id, { 'idempotency-key': '' });
    assert.equal((await exchange(request)).problem().code, 'idempotency_key_missing');
    const { 'idempotency-key': _key, ...headers } = request.headers ?? {};
    assert.equal((await exchange({ ...request, headers })).problem().code, 'idempotency_key_missing');
  });
}

test('a request that changed nothing gets the same answer again for its key, whatever has changed since', async () => {
  const { text: tenant } = await exchange(create('steady', 'steady'));
  const { revision } = (JSON.parse(tenant) as { tenant: { metadata: { revision: number } } }).tenant.metadata;
  const labelled = { ...tenantManifest('steady'), metadata: { name: 'steady', labels: { team: 'blue' } } };
  const put = (body: unknown, key: string): Promise<HttpAnswer> =>
    exchange({
      method: 'PUT',
      path: '/v1/tenants/steady',
      body,
      headers: { 'if-match': '*', 'idempotency-key': key },
    });
  const first = await put(tenantManifest('steady'), 'as-it-is');
  assert.equal(first.headers.get('etag'), `"${revision}"`, 'nothing was changed');
  assert.equal((await put(labelled, 'labelled')).status, 200);
  const entries = await entriesOf(installation, async () => {
    requireReplay(await put(tenantManifest('steady'), 'as-it-is'), first);
  });
  assert.deepEqual(entries, [], 'the labels are not removed');
  const keys = installation.control.db(installation.databases.control).collection('idempotency');
  const [unchanged, changed] = await Promise.all(
    ['as-it-is', 'labelled'].map((key) => keys.findOne({ '_id.key': key })),
  );
  assert.ok(unchanged?.['expireTime'] < changed?.['expireTime'], 'it is kept for a shorter time');
});

test('exactly one of 8 concurrent requests with one key has an effect; the others get its answer, or 409 while it runs', async () => {
  for (let round = 0; round < 3; round += 1) {
    const request = create(`crowd-${round}`, `crowd-${round}`);
    let answers: HttpAnswer[] = [];
    const entries = await entriesOf(installation, async () => {
      answers = await Promise.all(Array.from({ length: 8 }, () => exchange(request)));
    });
    assert.deepEqual(
      entries.map((entry) => entry.action),
      ['tenant.create'],
    );
    const firsts = answers.filter(
      (answer) => answer.status === 201 && answer.headers.get('idempotency-replayed') === null,
    );
    assert.equal(firsts.length, 1);
    for (const answer of answers) {
      if (answer === firsts[0]) continue;
      if (answer.status === 201) requireReplay(answer, firsts[0]!);
      else assert.equal(answer.problem().code, 'idempotency_in_progress', answer.text);
    }
  }
});

test('the same key with another body, path or method is refused with 422 and has no effect', async () => {
  await exchange(create('first', 'reused'));
  const state = await readControlState(installation);
  const others: readonly HttpRequest[] = [
    create('second', 'reused'),
    create('first', 'reused', { body: tenantManifest('first', { displayName: 'First' }) }),
    {
      method: 'PUT',
      path: '/v1/tenants/first',
      body: tenantManifest('first'),
      headers: { 'idempotency-key': 'reused', 'if-match': '*' },
    },
    { method: 'POST', path: '/v1/tenants/first:activate', headers: { 'idempotency-key': 'reused', 'if-match': '*' } },
  ];
  for (const other of others) assert.equal((await exchange(other)).problem().code, 'idempotency_key_reused');
  assert.deepEqual(await readControlState(installation), state);
});

test('a body with another order of fields and other whitespace is the same body', async () => {
  const first = await exchange(create('spelt', 'spelt'));
  const { apiVersion, kind, metadata, spec } = tenantManifest('spelt');
  requireReplay(
    await exchange(
      create('spelt', 'spelt', {
        body: JSON.stringify({ spec, metadata, kind, apiVersion }, undefined, 4),
        headers: { 'content-type': 'application/json', 'idempotency-key': 'spelt' },
      }),
    ),
    first,
  );
});

test('while the first request runs, a repeat gets 409 and another body 422; afterwards, a repeat gets the answer', async () => {
  const paused = armFailpoint(installation, 'accept.before-commit', 'pause');
  const request = create('slow', 'slow');
  const running = exchange(request);
  await paused.hit();
  assert.equal((await exchange(request)).problem().code, 'idempotency_in_progress');
  assert.equal((await exchange(create('slower', 'slow'))).problem().code, 'idempotency_key_reused');
  paused.release();
  const first = await running;
  requireReplay(await exchange(request), first);
});

test('the key of a refused request may be used again, for the same request or for another one', async () => {
  const refused = create('late', 'late', { body: tenantManifest('late', { plan: 'not-yet' }) });
  assert.equal((await exchange(refused)).problem().code, 'policy_refused');
  await exchange({
    method: 'PUT',
    path: '/v1/plans/not-yet',
    body: { ...plan('not-yet'), spec: { isolationModes: ['dedicated'], quotas: { tables: 90 } } },
    headers: { 'if-none-match': '*' },
  });
  assert.equal((await exchange(refused)).status, 201);

  assert.equal((await exchange(create('late', 'other'))).problem().code, 'already_exists');
  assert.equal((await exchange(create('later', 'other'))).status, 201);
});

test('two subjects can use the same key independently', async () => {
  const [alice, bob] = [{ subject: 'alice@example.com' }, { subject: 'bob@example.com' }];
  const first = await exchange({ ...create('of-alice', 'shared'), who: alice });
  const second = await exchange({ ...create('of-bob', 'shared'), who: bob });
  assert.deepEqual([first.status, second.status], [201, 201]);
  requireReplay(await exchange({ ...create('of-alice', 'shared'), who: alice }), first);
  requireReplay(await exchange({ ...create('of-bob', 'shared'), who: bob }), second);
});

test('an answer is sent again only to a caller that may still see the tenant', async () => {
  const operator = { subject: 'moved@example.com', roles: ['operator'] };
  const elsewhere = { ...operator, roles: ['tenant-admin'], tenants: ['01hzzzzzzzzzzzzzzzzzzzzza1'] };
  const requests: readonly (readonly [HttpRequest, ProblemCode])[] = [
    // The caller may no longer create tenants, whatever it created before.
    [create('left-behind', 'of-moved'), 'forbidden'],
    [
      {
        method: 'POST',
        path: '/v1/tenants/left-behind:activate',
        headers: { 'if-match': '*', 'idempotency-key': 'of-moved-too' },
      },
      'not_found',
    ],
  ];
  for (const [request, code] of requests) {
    const first = await exchange({ ...request, who: operator });
    assert.ok(first.status < 300, first.text);
    for (const headers of [{}, { prefer: 'wait=0' }]) {
      assert.equal(
        (await exchange({ ...request, headers: { ...request.headers, ...headers }, who: elsewhere })).problem().code,
        code,
      );
    }
    requireReplay(await exchange({ ...request, who: operator }), first);
  }
});

test('an answer that was committed but never sent is sent when the request is repeated, even by another process', async () => {
  armFailpoint(installation, 'accept.after-commit', 'kill');
  const request = create('orphan', randomUUID());
  await assert.rejects(exchange(request));
  await installation.api.ended();
  installation.api.start();
  await installation.api.ready();
  const entries = await entriesOf(installation, async () => {
    const answer = await exchange(request);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('idempotency-replayed'), 'true');
    assert.equal(answer.json<{ tenant: { metadata: { name: string } } }>().tenant.metadata.name, 'orphan');
  });
  assert.deepEqual(entries, []);
});
