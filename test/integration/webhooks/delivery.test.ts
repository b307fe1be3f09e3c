import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { eventSchema } from '../../../contracts/event.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { WebhookEndpoint, WebhookEndpointSpec } from '../../../contracts/manifests/webhook-endpoint.ts';
import type { WebhookAttempt } from '../../../contracts/webhooks.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, takeAll } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import { startReceiver } from '../../harness/webhook-receiver.ts';
import type { Answer, WebhookReceiver } from '../../harness/webhook-receiver.ts';

let installation: Installation;
const receivers: WebhookReceiver[] = [];
before(async () => {
  ({ installation } = await startDeclared());
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});
after(() => installation.stop());

async function receiver(answer: Answer = 200): Promise<WebhookReceiver> {
  const started = await startReceiver(answer);
  receivers.push(started);
  return started;
}

let count = 0;
async function declare(
  url: string,
  spec: Partial<WebhookEndpointSpec> = {},
  name = `hook-${(count += 1)}`,
): Promise<WebhookEndpoint> {
  const { body } = await installation.client().call('putWebhook', {
    params: { name },
    ifNoneMatch: '*',
    body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name }, spec: { url, ...spec } },
  });
  return body;
}

async function createTenant(name: string, labels: Record<string, string> = {}): Promise<void> {
  const manifest = tenantManifest(name);
  await installation.client().call('createTenant', {
    body: { ...manifest, metadata: { ...manifest.metadata, labels } },
    idempotencyKey: randomUUID(),
  });
}

const attemptsOf = async (name: string): Promise<readonly WebhookAttempt[]> =>
  (await installation.client().call('listDeliveryAttempts', { params: { name }, query: { pageSize: 500 } })).body.items;
const healthOf = async (name: string) =>
  (await installation.client().call('getWebhookHealth', { params: { name } })).body;
const typesAt = ({ received }: WebhookReceiver): string[] => received.map(({ event }) => event.type);

let nudges = 0;
/** Makes retries due now, and lets the log grow, so that workers look: nobody waits five minutes. */
async function retryNow(): Promise<void> {
  await installation.control
    .db(installation.databases.control)
    .collection('webhook_deliveries')
    .updateMany({ state: 'retrying' }, { $set: { nextTime: new Date(0) } });
  const name = `nudge-${(nudges += 1)}`;
  const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 1 } };
  const body = { apiVersion, kind: 'Plan', metadata: { name }, spec } as const;
  await installation.client().call('putPlan', { params: { name }, ifNoneMatch: '*', body });
}

test('a receiver gets each event of a tenant, signed, in the form of CloudEvents', async () => {
  const at = await receiver();
  const { metadata } = await declare(at.url);
  const { secret = '' } = (
    await installation
      .client()
      .call('rotateWebhookSecret', { params: { name: metadata.name }, body: { overlapSeconds: 0 } })
  ).body;
  await activeTenant(installation.client(), 'acme');
  await takeAll(installation.client(), 'acme', ['suspendTenant']);
  await until('the suspension is delivered', () => typesAt(at).includes('tenant.suspended.v1'));
  assert.deepEqual(
    typesAt(at).filter((type) => type.startsWith('tenant.')),
    ['tenant.created.v1', 'tenant.activated.v1', 'tenant.suspended.v1'],
  );
  for (const { headers, body, event } of at.received) {
    assert.match(headers['content-type'] ?? '', /^application\/cloudevents\+json/);
    assert.equal(headers['webhook-id'], event.id);
    eventSchema.parse(event);
    assert.ok(Buffer.byteLength(body) < 20_000);
    new Webhook(secret).verify(body, headers as Record<string, string>);
    const { body: same } = await installation.client().call('getEvent', { params: { id: event.id } });
    assert.deepEqual(event, same);
  }
  const attempts = await until('the attempts are recorded', async () => {
    const made = await attemptsOf(metadata.name);
    return made.length === at.received.length ? made : undefined;
  });
  for (const { outcome, status, number } of attempts)
    assert.deepEqual({ outcome, status, number }, { outcome: 'delivered', status: 200, number: 1 });
  const health = await healthOf(metadata.name);
  assert.equal(health.state, 'sending');
  assert.deepEqual([health.retrying, health.waiting, health.dead, health.keys.length], [0, 0, 0, 1]);
});

test('only what matches the filter is sent: types, names and labels', async () => {
  const [typed, named, labelled] = [await receiver(), await receiver(), await receiver()];
  await declare(typed.url, { events: ['plan.*', 'tenant.held.v1'] });
  await declare(named.url, { tenants: ['filtered-a'] });
  const last = await declare(labelled.url, { tenantSelector: 'tier=gold' });
  await createTenant('filtered-a');
  await createTenant('filtered-b', { tier: 'gold' });
  await createTenant('filtered-c', { tier: 'silver' });
  await installation.client().call('holdTenant', {
    params: { name: 'filtered-c' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
    body: { reason: 'a case' },
  });
  await installation.client().call('testWebhook', { params: { name: last.metadata.name }, body: {} });
  await until('the test is delivered', () => typesAt(labelled).includes('webhook.tested.v1'));
  await until('the hold is delivered', () => typed.received.length === 1);
  assert.deepEqual(typesAt(typed), ['tenant.held.v1']);
  assert.deepEqual(
    named.received.map(({ event }) => event.subject),
    ['tenant/filtered-a'],
  );
  assert.deepEqual(
    labelled.received.map(({ event }) => event.subject),
    ['tenant/filtered-b', `webhook/${last.metadata.name}`],
  );
});

test('what is not accepted is sent again with the same id, and given up in the end; then it can be requeued', async () => {
  const at = await receiver(500);
  const { metadata } = await declare(at.url, { events: ['tenant.created.v1'] });
  await createTenant('retried');
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    await until(`attempt ${attempt} is recorded`, async () => {
      const { items } = (await installation.client().call('listDeliveries', { params: { name: metadata.name } })).body;
      return items[0]?.attempts === attempt;
    });
    await retryNow();
  }
  const dead = await until('it is given up', async () => {
    const { items } = (
      await installation.client().call('listDeliveries', { params: { name: metadata.name }, query: { state: 'dead' } })
    ).body;
    return items[0];
  });
  assert.equal(dead.attempts, 10);
  assert.deepEqual([dead.failure?.code, dead.failure?.status, dead.failure?.fault], ['refused', 500, 'receiver']);
  assert.equal(new Set(at.received.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.deepEqual(
    (await attemptsOf(metadata.name)).map(({ number }) => number),
    [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
  );

  at.answer(204);
  const { requeued } = (
    await installation.client().call('requeueDeliveries', { params: { name: metadata.name }, body: {} })
  ).body;
  assert.equal(requeued, 1);
  await until('it is delivered', async () => {
    const { dead: left, retrying } = await healthOf(metadata.name);
    return left + retrying === 0;
  });
  assert.equal(at.received.length, 11);
});

test('a receiver that is gone is sent nothing more, and gets all of it when it is enabled again', async () => {
  const at = await receiver(410);
  const { metadata } = await declare(at.url, { events: ['tenant.created.v1', 'webhook.*'] });
  const { name } = metadata;
  await createTenant('gone-a');
  const disabled = await until('it is disabled', async () => {
    const { body } = await installation.client().call('getWebhook', { params: { name } });
    return body.status.disabled;
  });
  assert.equal(disabled.reason, 'gone');
  const before = at.received.length;
  await createTenant('gone-b');
  at.answer(200);
  const { body } = await installation.client().call('enableWebhook', { params: { name }, body: {} });
  assert.equal(body.status.disabled, undefined);
  await retryNow();
  await until('the tenant that was created meanwhile is told', () =>
    at.received.some(({ event }) => event.subject === 'tenant/gone-b'),
  );
  await until('and the one before', async () => (await healthOf(name)).retrying === 0);
  const after = at.received.slice(before).map(({ event }) => `${event.type} ${event.subject}`);
  assert.deepEqual(after.toSorted(), [
    'tenant.created.v1 tenant/gone-a',
    'tenant.created.v1 tenant/gone-b',
    `webhook.disabled.v1 webhook/${name}`,
    `webhook.enabled.v1 webhook/${name}`,
  ]);
});

test('in order, a failure parks only its tenant', async () => {
  const at = await receiver((response, { event }) => {
    response.writeHead(event.subject === 'tenant/parked' ? 500 : 200).end();
  });
  const { metadata } = await declare(at.url, { tenants: ['parked', 'passing'], order: 'tenant' });
  for (const name of ['parked', 'passing']) await activeTenant(installation.client(), name);
  await until('the other tenant gets all of its events', () =>
    at.received.some(({ event }) => event.subject === 'tenant/passing' && event.type === 'tenant.activated.v1'),
  );
  await until('the second event waits for the first', async () => {
    const { retrying, waiting } = await healthOf(metadata.name);
    return retrying === 1 && waiting === 1;
  });
  at.answer(200);
  await retryNow();
  await until('all is delivered', async () => {
    const { retrying, waiting } = await healthOf(metadata.name);
    return retrying + waiting === 0;
  });
  const parked = at.received.filter(({ event }) => event.subject === 'tenant/parked').map(({ event }) => event.type);
  assert.deepEqual([parked[0], ...parked.slice(-2)], ['tenant.created.v1', 'tenant.created.v1', 'tenant.activated.v1']);
});

test('what was delivered can be sent again, by its time', async () => {
  const at = await receiver();
  const { metadata } = await declare(at.url, { events: ['tenant.created.v1'], order: 'tenant' });
  for (const name of ['again-a', 'again-b', 'again-c']) await createTenant(name);
  await until('all are delivered', () => at.received.length === 3);
  const { time } = at.received[1]!.event;
  const { time: end } = at.received[2]!.event;
  const replay = async (until_?: string) =>
    (
      await installation.client().call('replayEvents', {
        params: { name: metadata.name },
        body: { since: time, ...(until_ === undefined ? {} : { until: until_ }) },
      })
    ).body.entries;
  assert.ok((await replay(end)) >= 1);
  await until('the second is sent again', () => at.received.length === 4);
  await replay();
  await until('the second and the third are sent again', () => at.received.length === 6);
  assert.deepEqual(
    at.received.map(({ event }) => event.subject.at(-1)),
    ['a', 'b', 'c', 'b', 'b', 'c'],
  );
  assert.equal(new Set(at.received.map(({ headers }) => headers['webhook-id'])).size, 3);
  await until('nothing is left', async () => (await healthOf(metadata.name)).replaying === 0);
});

test('a paused endpoint misses nothing, and a killed worker loses nothing', async () => {
  const at = await receiver();
  const { metadata } = await declare(at.url, { events: ['tenant.created.v1'], enabled: false });
  const { name } = metadata;
  for (let index = 0; index < 5; index += 1) await createTenant(`kept-${index}`);
  assert.equal(at.received.length, 0);
  const { body, etag } = await installation.client().call('getWebhook', { params: { name } });
  await installation.client().call('putWebhook', {
    params: { name },
    ifMatch: etag ?? '',
    body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name }, spec: { ...body.spec, enabled: true } },
  });
  await until('the first is sent', () => at.received.length > 0);
  await installation.worker.kill('SIGKILL');
  await createTenant('kept-5');
  installation.worker.start();
  await until('each is delivered', () => new Set(at.received.map(({ event }) => event.subject)).size === 6);
});
