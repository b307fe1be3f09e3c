import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { problemSchema } from '../../../contracts/problem-document.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readControlState, readEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpRequest } from '../../harness/http-exchange.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { badInput, json, manifest, put, withSpec, withCollection } from './bad-input-requests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
before(async () => {
  installation = await borrowInstallation(attachToStack(), { worker: false });
  exchange = createExchange(installation);
  await declareBasics(installation.client());
  await installation.client().call('putTemplate', {
    params: { name: 'standing' },
    ifNoneMatch: '*',
    body: { apiVersion: 'tenure/v1', kind: 'TenantTemplate', metadata: { name: 'standing' }, spec: {} },
  });
});
after(() => installation.stop());

for (const { name, request, code = 'request_invalid', pointer } of badInput) {
  test(`refused without a trace: ${name}`, async () => {
    const state = await readControlState(installation);
    const entries = (await readEntries(installation)).length;
    const answer = await exchange(request);
    assert.equal(answer.problem().code, code, answer.text.slice(0, 500));
    if (pointer !== undefined)
      assert.ok(
        answer.problem().errors?.some((flaw) => flaw.pointer === pointer),
        answer.text.slice(0, 500),
      );
    assert.deepEqual(await readControlState(installation), state);
    assert.equal((await readEntries(installation)).length, entries, 'bad input leaves no entry');
  });
}

test('a request that is not HTTP is answered with a problem too, and the connection is closed', async () => {
  const socket = connect(Number(new URL(installation.server).port), '127.0.0.1');
  socket.end('GET / NONSENSE\r\n\r\n');
  const [head = '', body = ''] = Buffer.concat(await socket.toArray())
    .toString()
    .split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json\r\n/);
  const { code, requestId } = problemSchema.parse(JSON.parse(body));
  assert.equal(code, 'request_invalid');
  assert.ok(head.includes(`x-request-id: ${requestId}`));
});

test('all errors of a manifest are reported at once', async () => {
  const { errors } = (await exchange(withSpec({ plan: 7, colour: 'red', services: [] }))).problem();
  assert.deepEqual(errors?.map((flaw) => flaw.pointer).toSorted(), ['/spec/colour', '/spec/plan', '/spec/services']);
});

test('a conditional read is answered: caches send If-None-Match with the ETag that they have', async () => {
  const { headers } = await exchange({ path: '/v1/plans/startup' });
  const again = await exchange({
    path: '/v1/plans/startup',
    headers: { 'if-none-match': headers.get('etag') ?? '' },
    keepsContract: false,
  });
  assert.ok(again.status === 200 || again.status === 304, again.text);
});

test('any body is either refused or accepted, and never causes a server error', async () => {
  const anything = fc.oneof(
    fc.jsonValue({ noUnicodeString: false, maxDepth: 4 }),
    fc.constantFrom('a\0b', '$where', '', -0, 1e308, { $gt: '' }, { 'a.b': { 'c\0': 1 } }),
  );
  const slots: readonly ((value: unknown) => HttpRequest)[] = [
    (value) => put({ body: value }),
    (value) => put({ body: { ...manifest, metadata: value } }),
    (value) =>
      put({ body: { ...manifest, metadata: { name: 'acme', labels: { a: value }, annotations: { a: value } } } }),
    (value) => put({ body: { ...manifest, spec: value } }),
    (value) => withSpec({ displayName: value }),
    (value) => withSpec({ residency: value }),
    (value) => withSpec({ services: [value] }),
    (value) => withCollection({ jsonSchema: value }),
    (value) => withCollection({ jsonSchema: { properties: { [JSON.stringify(value)]: value } } }),
    (value) =>
      withCollection({
        indexes: [{ keys: [{ field: typeof value === 'string' ? value : 'a', order: value }], name: value }],
      }),
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...slots), anything, async (slot, value) => {
      const request = slot(value);
      const headers = { ...json, 'if-match': '*' };
      const created = await exchange({ ...request, body: JSON.stringify(request.body) });
      const changed = await exchange({ ...request, body: JSON.stringify(request.body), headers });
      assert.ok(created.status < 500 && changed.status < 500, `${created.text} ${changed.text}`);
    }),
    { numRuns: 120 },
  );
});

test('spellings of other HTTP clients and proxies are accepted: an encoded colon, an empty chunked body', async () => {
  const created = await exchange({
    method: 'POST',
    path: '/v1/tenants',
    body: { ...manifest, metadata: { name: 'written' } },
    headers: { 'idempotency-key': 'written' },
  });
  assert.equal(created.status, 201, created.text);
  const token = await installation.token();
  const send = (
    path: string,
    { headers = {}, ...init }: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> },
  ) => fetch(`${installation.server}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...headers } });
  for (const path of ['/v1/tenants/written%3Adrift', '/v1/tenants/written%3adrift'])
    assert.equal((await send(path, {})).status, 200, path);
  /** A chunked body without content. */
  const nothing = () =>
    ({ body: new ReadableStream({ start: (controller) => controller.close() }), duplex: 'half' }) as const;
  assert.equal(
    (
      await send('/v1/tenants/written:hold', {
        method: 'POST',
        body: JSON.stringify({ reason: 'x' }),
        headers: { ...json, 'if-match': '*', 'idempotency-key': 'hold' },
      })
    ).status,
    200,
  );
  assert.equal(
    (
      await send('/v1/tenants/written:release-hold', {
        method: 'POST',
        ...nothing(),
        headers: { 'if-match': '*', 'idempotency-key': 'release' },
      })
    ).status,
    200,
    'an empty body where a body is optional',
  );
  assert.equal(
    (
      await send('/v1/tenants/written', {
        method: 'DELETE',
        ...nothing(),
        headers: { 'if-match': '*', 'idempotency-key': 'delete', prefer: 'wait=0' },
      })
    ).status < 300,
    true,
    'an empty body where no body is accepted',
  );
});
