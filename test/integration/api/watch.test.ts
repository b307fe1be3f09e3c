import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { createApiClient } from '../../../client/api-client.ts';
import type { StreamedEvent } from '../../../client/event-stream.ts';
import { watchTenants } from '../../../client/watch.ts';
import type { TenantNews } from '../../../client/watch.ts';
import type { StreamId } from '../../../contracts/streams.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { Installation, Who } from '../../harness/installation.ts';
import { activeTenant, always, take } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

const maxWatches = 8;
const maxWatchesPerCaller = 5;
const stack = attachToStack();
let installation: Installation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await startDeclared({
    settings: { TENURE_MAX_WATCHES: String(maxWatches), TENURE_MAX_WATCHES_PER_CALLER: String(maxWatchesPerCaller) },
  }));
});
after(() => installation.stop());

interface Watched<Id extends StreamId> {
  readonly events: StreamedEvent<Id>[];
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Opens a stream and collects its events; resolves after its first bookmark. */
async function watch<Id extends StreamId>(
  id: Id,
  query: object = {},
  { who, lastEventId }: { readonly who?: Who; readonly lastEventId?: string } = {},
): Promise<Watched<Id>> {
  const stopping = new AbortController();
  const stream = await installation
    .client(who)
    .stream(id, { query, signal: stopping.signal, ...(lastEventId === undefined ? {} : { lastEventId }) } as never);
  const events: StreamedEvent<Id>[] = [];
  const ended = (async () => {
    for await (const event of stream) events.push(event);
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  await until('the first bookmark arrives', () => events[0]?.event === 'bookmark');
  return {
    events,
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

const create = (name: string, change: Parameters<typeof tenantManifest>[1] = {}) =>
  installation.client().call('createTenant', { body: tenantManifest(name, change), idempotencyKey: randomUUID() });
const tenantsIn = ({ events }: Watched<'watchTenants'>) =>
  events.flatMap((event) => (event.event === 'tenant' ? [event.data] : []));

test('the last event of a tenant has its current state, and the events of its operation show the progress in order', async () => {
  const [tenants, operations] = [await watch('watchTenants', { name: 'acme' }), await watch('watchOperations')];
  const acme = await activeTenant(installation.client(), 'acme');
  await until('the last change arrives', () => tenantsIn(tenants).at(-1)?.metadata.revision === acme.metadata.revision);
  assert.deepEqual(tenantsIn(tenants).at(-1), acme);
  await until('the end arrives', () =>
    operations.events.some((event) => event.event === 'operation' && event.data.state === 'succeeded'),
  );
  const progress = operations.events.flatMap((event) =>
    event.event === 'operation' && event.data.tenant.name === 'acme' ? [event.data.progress.done] : [],
  );
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
    'progress never goes back',
  );
  await Promise.all([tenants.stop(), operations.stop()]);
});

test('a tenant that no longer matches the filter, or that is purged, is reported as gone', async () => {
  const drafts = await watch('watchTenants', { lifecycle: 'Draft', namePrefix: 'fleeting' });
  const { tenant } = (await create('fleeting')).body;
  const { uid } = tenant.metadata;
  await until('it is reported', () => tenantsIn(drafts).some(({ metadata }) => metadata.uid === uid));
  await take(installation.client(), 'deleteTenant', 'fleeting');
  await until('it is gone', () => drafts.events.some((event) => event.event === 'gone' && event.data.uid === uid));
  await installation.client().call('purgeTenant', { params: { name: 'fleeting' }, body: { early: true }, ...always() });
  await until(
    'the purge is reported',
    () => drafts.events.at(-1)?.event === 'gone' && drafts.events.filter((event) => event.event === 'gone').length > 1,
  );
  await drafts.stop();
});

test('a confined caller receives events of its own tenants only', async () => {
  const [mine, others] = [(await create('mine')).body.tenant, (await create('others')).body.tenant];
  const who = { roles: ['viewer'], tenants: [mine.metadata.uid] };
  const [tenants, operations] = [await watch('watchTenants', {}, { who }), await watch('watchOperations', {}, { who })];
  for (const { metadata } of [others, mine]) await take(installation.client(), 'activateTenant', metadata.name);
  await until('the operation of its tenant has succeeded', () =>
    operations.events.some((event) => event.event === 'operation' && event.data.state === 'succeeded'),
  );
  await until('its tenant is Active', () => tenantsIn(tenants).at(-1)?.status.lifecycle === 'Active');
  const told = JSON.stringify([tenants.events, operations.events]);
  assert.ok(!told.includes(others.metadata.uid));
  await Promise.all([tenants.stop(), operations.stop()]);
  await assert.rejects(watch('watchOperations', { tenant: 'others' }, { who }), { code: 'not_found' });
});

test('a caller that reconnects with the last event id misses nothing, even after a restart of the API', async () => {
  const before = await watch('watchTenants', { namePrefix: 'missed' });
  await create('missed-0');
  await until('the first one arrives', () => tenantsIn(before).length > 0);
  const lastEventId = before.events.at(-1)?.id ?? '';
  await before.stop();
  await create('missed-1');
  for (const restart of [false, true]) {
    if (restart) {
      await installation.api.kill('SIGKILL');
      installation.api.start();
      await installation.api.ready();
    }
    const back = await watch('watchTenants', { namePrefix: 'missed' }, { lastEventId });
    await until('the missed one arrives', () => tenantsIn(back).some(({ metadata }) => metadata.name === 'missed-1'));
    assert.ok(!tenantsIn(back).some(({ metadata }) => metadata.name === 'missed-0'));
    await back.stop();
  }
});

/** Declares a Draft this many times, with 300 KB each time; returns its last revision. */
async function changeLarge(name: string, times: number): Promise<number> {
  const collection = { name: 'orders', jsonSchema: { description: 'x'.repeat(300_000) } };
  let revision = 0;
  for (let time = 1; time <= times; time += 1) {
    const body = tenantManifest(name, {
      displayName: `change ${time}`,
      services: [{ name: 'shop', collections: [collection] }],
    });
    const changed = await installation
      .client()
      .call('putTenant', { params: { name }, body, ...(time === 1 ? { ifNoneMatch: '*' } : { ifMatch: '*' }) });
    ({ revision } = changed.body.tenant.metadata);
  }
  return revision;
}

const lastRevision = (watched: Watched<'watchTenants'>): number | undefined =>
  tenantsIn(watched).at(-1)?.metadata.revision;

test('a caller that missed many megabytes of events receives all of them', async () => {
  const before = await watch('watchTenants', { name: 'bulky' });
  const lastEventId = before.events[0]?.id ?? '';
  await before.stop();
  const last = await changeLarge('bulky', 12);
  const back = await watch('watchTenants', { name: 'bulky' }, { lastEventId });
  await until('the last revision arrives', () => lastRevision(back) === last);
  await back.stop();
});

test('a slow reader does not delay others, and receives everything when it continues to read', async () => {
  const url = `${installation.server}/v1/tenants:watch?name=heavy`;
  const slow = await new Promise<IncomingMessage>((resolve, reject) => {
    void installation
      .token({ subject: 'slow@example.com', roles: ['viewer'] })
      .then((token) =>
        get(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, resolve).on('error', reject),
      );
  });
  slow.pause();
  const steady = await watch('watchTenants', { name: 'heavy' });
  // More than the kernel buffers for a reader that does not read.
  const last = await changeLarge('heavy', 45);
  await until('the steady reader is up to date', () => lastRevision(steady) === last);
  await steady.stop();
  let tail = '';
  slow.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-400_000);
  });
  slow.resume();
  await until('the slow reader is up to date', () => tail.includes(`"revision":${last},`));
  slow.destroy();
});

test('one caller may open only a share of the watches, and the rest are for others', async () => {
  const who = { subject: 'greedy@example.com', roles: ['viewer'] };
  const open = await Promise.all(
    Array.from({ length: maxWatchesPerCaller }, () => watch('watchOperations', {}, { who })),
  );
  await assert.rejects(watch('watchOperations', {}, { who }), { code: 'too_many_requests' });
  const others = await watch('watchOperations');
  await open[0]?.stop();
  await until('there is room', () =>
    watch('watchOperations', {}, { who }).then(
      async (again) => (await again.stop(), true),
      () => false,
    ),
  );
  await Promise.all([others, ...open].map((one) => one.stop()));
});

test('an event id that the API did not create, or from which the control database cannot continue, is answered 410: list again', async () => {
  for (const lastEventId of ['1', 'bm90aGluZw', 'x'.repeat(600)]) {
    const answer = await exchange({
      path: '/v1/tenants:watch',
      headers: { 'last-event-id': lastEventId },
      keepsContract: false,
    });
    assert.deepEqual([answer.status, answer.problem().code], [410, 'watch_expired']);
  }
  const { store } = installation;
  const feed = await store.openChangeFeed();
  await feed.close();
  // Tokens that mongod cannot read: truncated, or in a future format.
  for (const damaged of ['82', feed.start.slice(0, -6), `ff${feed.start.slice(2)}`])
    await assert.rejects(store.openChangeFeed(damaged), { code: 'watch_expired' }, damaged);
});

test('a watch is refused like a list: by policy, for its query, for its method', async () => {
  const refused = async (path: string, options: object = {}) =>
    (await exchange({ path, keepsContract: false, ...options })).problem().code;
  assert.equal(await refused('/v1/tenants:watch', { who: { roles: [] } }), 'forbidden');
  assert.equal(await refused('/v1/tenants:watch?unheardOf=1'), 'request_invalid');
  assert.equal(await refused('/v1/tenants:watch?lifecycle=Asleep'), 'request_invalid');
  assert.equal(await refused('/v1/tenants:watch', { method: 'POST' }), 'method_not_allowed');
  assert.equal((await exchange({ path: '/v1/tenants:watch', method: 'HEAD', keepsContract: false })).status, 405);
  assert.equal(
    await refused('/v1/operations:watch', { headers: { authorization: 'Bearer nobody' } }),
    'unauthenticated',
  );
});

test('a watch is neither compressed nor buffered', async () => {
  const stopping = new AbortController();
  const { headers } = await fetch(`${installation.server}/v1/tenants:watch`, {
    headers: { authorization: `Bearer ${await installation.token()}`, 'accept-encoding': 'gzip' },
    signal: stopping.signal,
  });
  assert.deepEqual(
    [
      headers.get('content-type'),
      headers.get('content-encoding'),
      headers.get('cache-control'),
      headers.get('x-accel-buffering'),
    ],
    ['text/event-stream; charset=utf-8', null, 'no-store, no-transform', 'no'],
  );
  stopping.abort();
});

test('a process serves at most the configured number of watches, and each watch that ends makes room for another', async () => {
  const open = await Promise.all(
    Array.from({ length: maxWatches }, (_, index) =>
      watch('watchOperations', {}, { who: { subject: `watcher-${index}` } }),
    ),
  );
  await assert.rejects(watch('watchOperations'), { code: 'watch_unavailable' });
  await open[0]?.stop();
  await until('there is room', () =>
    watch('watchOperations').then(
      async (again) => (await again.stop(), true),
      () => false,
    ),
  );
  await Promise.all(open.map((one) => one.stop()));
});

test('a watch ends when its token expires', async () => {
  const token = await stack.mintToken({ subject: 'alice@example.com', roles: ['admin'], ttlSeconds: 2 });
  const stream = await createApiClient({ server: installation.server, token: () => token }).stream('watchTenants');
  const names: string[] = [];
  for await (const { event } of stream) names.push(event);
  assert.deepEqual(names, ['bookmark']);
});

test('an API that stops ends its watches at once, and the client continues with the next API without a gap', async () => {
  const stopping = new AbortController();
  const news: TenantNews[] = [];
  const watching = (async () => {
    for await (const one of watchTenants(installation.client(), {
      filter: { namePrefix: 'steady' },
      signal: stopping.signal,
    }))
      news.push(one);
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  const names = () =>
    news.flatMap((one) =>
      one.kind === 'listed'
        ? one.tenants.map(({ metadata }) => metadata.name)
        : one.kind === 'changed'
          ? [one.tenant.metadata.name]
          : [`-${one.tenant.name}`],
    );
  await create('steady-0');
  await until('the list arrives', () => names().includes('steady-0'));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await installation.api.kill(signal);
    installation.api.start();
    await installation.api.ready();
    await create(`steady-${signal.toLowerCase()}`);
  }
  await until('all tenants are reported', () => names().includes('steady-sigkill'));
  assert.deepEqual(names(), ['steady-0', 'steady-sigterm', 'steady-sigkill'], 'each is reported once');
  await take(installation.client(), 'deleteTenant', 'steady-0');
  await until('the deletion is reported', () => names().includes('-steady-0'));
  stopping.abort();
  await watching;
});
