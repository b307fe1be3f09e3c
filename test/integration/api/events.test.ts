import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { followEvents, readEvents } from '../../../client/events.ts';
import type { EventsOptions, ReceivedEvent } from '../../../client/events.ts';
import { eventDataSchema, eventSchema, formatSequence } from '../../../contracts/event.ts';
import type { Event } from '../../../contracts/event.ts';
import { eventTypes } from '../../../contracts/event-types.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { Installation, Who } from '../../harness/installation.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { untilAllSequenced } from '../../harness/log-check.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await startDeclared());
});
after(() => installation.stop());

async function all(query: EventsOptions = {}, who?: Who): Promise<Event[]> {
  await untilAllSequenced(installation);
  const events: Event[] = [];
  for await (const event of readEvents(installation.client(who), query)) events.push(event);
  return events;
}

interface Followed {
  readonly received: ReceivedEvent[];
  stop(): Promise<void>;
}

function follow(query: EventsOptions, who?: Who): Followed {
  const stopping = new AbortController();
  const received: ReceivedEvent[] = [];
  const following = (async () => {
    for await (const event of followEvents(installation.client(who), { ...query, signal: stopping.signal }))
      received.push(event);
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return {
    received,
    async stop() {
      stopping.abort();
      await following;
    },
  };
}

const typesOf = (events: readonly Event[]): string[] => events.map(({ type }) => type);
const idsOf = (events: readonly Event[]): string[] => events.map(({ id }) => id);

/** Every event of a type has the data that the type declares. */
function requireContract(event: Event): void {
  eventSchema.parse(event);
  eventDataSchema(event.type).parse(event.data);
}

test('a tenant’s events are numbered without gaps, in the order of its life, and keep to the schemas of their types', async () => {
  const api = installation.client();
  const { metadata } = await activeTenant(api, 'acme');
  await takeAll(api, 'acme', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const { body } = await api.call('purgeTenant', { params: { name: 'acme' }, body: { early: true }, ...always() });
  await ended(api, body.operation?.id ?? '');
  // Its name is free, but its uid still finds it.
  const events = await all({ tenant: metadata.uid });
  assert.deepEqual(typesOf(events), [
    'tenant.created.v1',
    'tenant.activated.v1',
    'tenant.suspended.v1',
    'tenant.archived.v1',
    'tenant.deleted.v1',
    'tenant.purged.v1',
  ]);
  for (const [index, event] of events.entries()) {
    requireContract(event);
    assert.equal(event.sequence, formatSequence(index + 1));
    assert.deepEqual([event.subject, event.tenantid], ['tenant/acme', metadata.uid]);
    const one = await exchange({ path: `/v1/events/${event.id}` });
    assert.deepEqual(one.json(), event);
  }
  const [, activated, suspended] = events;
  assert.deepEqual(suspended?.data['previous'], { ...(suspended?.data['previous'] as object), lifecycle: 'Active' });
  assert.deepEqual(suspended?.data['next'], { ...(suspended?.data['next'] as object), lifecycle: 'Suspended' });
  assert.equal(activated?.data['lifecycle'], 'Active');
});

test('pages of any size, a stream from the beginning and a cursor between them give the same events once', async () => {
  const api = installation.client();
  const expected = await all();
  assert.ok(expected.length > 5);
  expected.forEach(requireContract);
  const paged: Event[] = [];
  for (let cursor: string | undefined; ;) {
    const query = { pageSize: 3, ...(cursor === undefined ? {} : { after: cursor }) };
    const { body } = await api.call('listEvents', { query });
    paged.push(...body.items);
    ({ cursor } = body);
    if (!body.more) break;
  }
  assert.deepEqual(paged, expected);

  const stream = follow({ since: '2020-01-01T00:00:00.000Z' });
  await until('the stream has them', () => stream.received.length >= expected.length);
  await stream.stop();
  assert.deepEqual(
    stream.received.map(({ event }) => event),
    expected,
  );
  const half = stream.received[2]!;
  assert.deepEqual(await all({ after: half.cursor }), expected.slice(3), 'an id of the stream is a cursor');
});

test('a stream shows what happens as it happens, and continues without a gap after the API was killed', async () => {
  const api = installation.client();
  const stream = follow({ types: 'tenant.*' });
  const created = (name: string) =>
    api.call('createTenant', { body: tenantManifest(name), idempotencyKey: randomUUID() });
  const has = (name: string) => stream.received.some(({ event }) => event.subject === `tenant/${name}`);
  let first = 0;
  await until('the stream is open', async () => {
    await created(`early-${(first += 1)}`);
    return stream.received.length > 0;
  });
  for (let number = 0; number < 20; number += 1) {
    await created(`live-${number}`);
    if (number === 10) {
      await installation.api.kill('SIGKILL');
      installation.api.start();
      await installation.api.ready();
    }
  }
  await until('the last one arrives', () => has('live-19'));
  await stream.stop();
  const expected = (await all({ types: 'tenant.created.v1' })).filter(({ subject }) => /live/.test(subject));
  const received = stream.received.map(({ event }) => event).filter(({ subject }) => /live/.test(subject));
  assert.deepEqual(idsOf(received), idsOf(expected), 'each once, in order');
});

test('a confined caller reads the events of its own tenants only, by pages, by stream and by id', async () => {
  const api = installation.client();
  const mine = (await api.call('createTenant', { body: tenantManifest('mine'), idempotencyKey: randomUUID() })).body;
  const foreign = (await api.call('createTenant', { body: tenantManifest('foreign'), idempotencyKey: randomUUID() }))
    .body;
  const { uid } = mine.tenant.metadata;
  const who = { roles: ['tenant-admin'], tenants: [uid] };
  const events = await all({}, who);
  assert.deepEqual(
    events.map(({ tenantid }) => tenantid),
    [uid],
  );
  const stream = follow({ since: '2020-01-01T00:00:00.000Z' }, who);
  await until('the stream has it', () => stream.received.length === 1);
  await stream.stop();
  assert.deepEqual(await all({}, { roles: ['viewer'], tenants: [] }), []);
  const nobody = '2b646etn39y0hjgqdcc7zst6qk';
  const detailOf = async (tenant: string) =>
    (await exchange({ path: `/v1/events?tenant=${tenant}`, who })).problem().detail;
  assert.equal(await detailOf(foreign.tenant.metadata.uid), await detailOf(nobody), 'nobody learns whose uid it is');
  const [other] = await all({ tenant: foreign.tenant.metadata.uid });
  for (const request of [
    { path: `/v1/events/${other?.id ?? ''}`, who },
    { path: '/v1/events?tenant=foreign', who },
    { path: `/v1/events?tenant=${foreign.tenant.metadata.uid}`, who },
    { path: '/v1/events:watch?tenant=foreign', who },
    { path: `/v1/events?tenant=${nobody}`, who },
    { path: `/v1/events:watch?tenant=${nobody}`, who },
    { path: `/v1/events?tenant=${nobody}` },
    { path: '/v1/events?tenant=nobody' },
    { path: `/v1/events/${uid}` },
  ])
    assert.equal((await exchange(request)).problem().code, 'not_found', request.path);
  assert.equal((await exchange({ path: '/v1/events', who: { roles: ['service'] } })).problem().code, 'forbidden');
});

test('reading begins where it is asked to', async () => {
  const api = installation.client();
  const { metadata } = await activeTenant(api, 'begun');
  await takeAll(api, 'begun', ['suspendTenant']);
  const own = await all({ tenant: 'begun' });
  assert.equal(own.length, 3);
  for (const [sequence, expected] of [
    [0, own],
    [1, own.slice(1)],
    [3, []],
  ] as const)
    assert.deepEqual(await all({ tenant: metadata.uid, afterSequence: sequence }), expected);
  assert.deepEqual(await all({ tenant: 'begun', since: own[2]!.time }), own.slice(2));
  assert.deepEqual(await all({ tenant: 'begun', types: 'tenant.activated.v1,tenant.suspended.v1' }), own.slice(1));
  assert.deepEqual(await all({ since: '2999-01-01T00:00:00.000Z' }), []);
});

test('what does not say where to begin, or what to read, is refused with the fix', async () => {
  const { body } = await installation.client().call('listEvents', { query: { types: 'tenant.*', pageSize: 1 } });
  const time = '2026-01-01T00:00:00.000Z';
  for (const [query, code] of [
    ['types=tenant.vanished.v1', 'request_invalid'],
    ['types=nothing.*', 'request_invalid'],
    ['afterSequence=1', 'request_invalid'],
    [`after=${body.cursor}&types=tenant.*&since=${time}`, 'request_invalid'],
    [`tenant=begun&afterSequence=1&since=${time}`, 'request_invalid'],
    ['since=yesterday', 'request_invalid'],
    ['pageSize=501', 'request_invalid'],
    [`after=${body.cursor}`, 'event_cursor_invalid'],
    [`after=${body.cursor}&types=plan.*`, 'event_cursor_invalid'],
    ['after=nonsense', 'event_cursor_invalid'],
    ['tenant=begun&afterSequence=99', 'event_cursor_invalid'],
  ] as const)
    assert.equal((await exchange({ path: `/v1/events?${query}` })).problem().code, code, query);
  const position = { 'last-event-id': body.cursor };
  assert.equal(
    (await exchange({ path: '/v1/events:watch', headers: position })).problem().code,
    'event_cursor_invalid',
  );
  assert.equal((await exchange({ path: '/v1/events:watch?afterSequence=1' })).problem().code, 'request_invalid');
});

test('every type is listed with the schema of its data', async () => {
  const { items } = (await installation.client().call('getEventTypes')).body;
  assert.deepEqual(
    items.map(({ type }) => type),
    eventTypes,
  );
  for (const { dataSchema } of items) assert.equal(dataSchema['type'], 'object');
});
