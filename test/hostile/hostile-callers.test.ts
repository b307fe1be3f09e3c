import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { availableParallelism, loadavg } from 'node:os';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { maxRequestHeadBytes } from '../../contracts/request-headers.ts';
import { startDeclared } from '../harness/declared-installation.ts';
import type { Installation, Who } from '../harness/installation.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { showCells } from '../harness/seen-cells.ts';
import { hostileBodies } from './hostile-bodies.ts';

let installation: Installation;
let bulkyUid = '';
let running = '';
let lastEventId = '';

/** Low limits, so that few connections exceed them. */
const [mostWatches, mostWaits, mostRequests] = [12, 12, 20];

/** How long each kind of load lasts. */
const loadMs = Number(process.env['TENURE_HOSTILE_SECONDS'] ?? '3') * 1_000;
/** Rounds stop earlier when every expected status has been answered. */
const mostRounds = 12;
/** The memory limit of the API in `docker-compose.yml`. */
const shippedMb = 512;
/** The time within which other callers must be answered. */
const othersWithinMs = 1_000;

const large = (name: string, change: number) =>
  tenantManifest(name, {
    displayName: `change ${change}`,
    services: [{ name: 'shop', collections: [{ name: 'orders', jsonSchema: { description: 'x'.repeat(900_000) } }] }],
  });

before(async () => {
  ({ installation } = await startDeclared({
    worker: false,
    settings: {
      TENURE_MAX_WATCHES_PER_CALLER: String(mostWatches),
      TENURE_MAX_WAITS_PER_CALLER: String(mostWaits),
      TENURE_MAX_REQUESTS_PER_CALLER: String(mostRequests),
    },
  }));
  await showCells(installation);
  const api = installation.client();
  await api.call('putTenant', { params: { name: 'honest' }, body: tenantManifest('honest'), ifNoneMatch: '*' });
  const stream = await api.stream('watchTenants');
  for await (const { id } of stream) {
    lastEventId = id;
    break;
  }
  for (let change = 0; change < 12; change += 1) {
    const { body } = await api.call('putTenant', {
      params: { name: 'bulky' },
      body: large('bulky', change),
      ...(change === 0 ? { ifNoneMatch: '*' } : { ifMatch: '*' }),
    });
    bulkyUid = body.tenant.metadata.uid;
  }
  for (let index = 0; index < 11; index += 1)
    await api.call('putTenant', {
      params: { name: `bulky-${index}` },
      body: large(`bulky-${index}`, 0),
      ifNoneMatch: '*',
    });
  // No worker runs it, so a request that waits for it blocks.
  running =
    (
      await api.call('putTenant', {
        params: { name: 'waited-for' },
        body: tenantManifest('waited-for', { lifecycle: 'Active' }),
        ifNoneMatch: '*',
      })
    ).body.operation?.id ?? '';
});
after(() => installation.stop());

const callers = (): readonly Who[] => [
  { subject: 'nobody', roles: [] },
  { subject: 'viewer', roles: ['viewer'] },
  { subject: 'tenant-admin', roles: ['tenant-admin'], tenants: [bulkyUid] },
  { subject: 'service', roles: ['service'], tenants: [bulkyUid] },
  { subject: 'operator', roles: ['operator'] },
  { subject: 'admin', roles: ['admin'] },
];

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Leaves the answer unread. */
  readonly unread?: boolean;
}

/** How often each status was answered; `ended` counts the connections that the API closed. */
type Tally = Map<string, number>;

const count = (tally: Tally, what: string): void => void tally.set(what, (tally.get(what) ?? 0) + 1);

/** Sends requests until the time is up, `atOnce` of them at the same time. */
async function storm(
  who: Who,
  asked: (turn: number) => Asked,
  { atOnce, until, tally }: { readonly atOnce: number; readonly until: number; readonly tally: Tally },
): Promise<void> {
  const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  const token = await installation.token(who);
  let turn = 0;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const { method = 'GET', path, body, headers = {}, unread = false } = asked((turn += 1));
      const asking = request(`${installation.server}${path}`, {
        agent,
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      });
      const done = (): void => {
        clearTimeout(giveUp);
        resolve();
      };
      // An answer that is left unread emits no further event.
      const giveUp = setTimeout(
        () => {
          asking.destroy();
          done();
        },
        Math.max(1, until - Date.now()),
      );
      asking.on('error', () => {
        count(tally, 'ended');
        done();
      });
      asking.once('response', (response: IncomingMessage) => {
        count(tally, String(response.statusCode));
        asking.removeAllListeners('error').on('error', done);
        response.once('end', done).once('close', done).once('error', done);
        if (unread) response.pause();
        else response.resume();
      });
      asking.end(body);
    });
  try {
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        while (Date.now() < until) await one();
      }),
    );
  } finally {
    agent.destroy();
  }
}

function peakMb(): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${installation.api.pid}/status`, 'utf8'));
  return Math.round(Number(line?.[1]) / 1024);
}

/** How long another caller waits for its answers meanwhile, in milliseconds, sorted. */
async function othersWait(until: number): Promise<number[]> {
  const headers = { authorization: `Bearer ${await installation.token({ subject: 'honest', roles: ['operator'] })}` };
  const waited: number[] = [];
  while (Date.now() < until) {
    for (const path of ['/v1/tenants/honest', '/v1/tenants?namePrefix=honest', '/livez']) {
      const began = performance.now();
      const answer = await fetch(`${installation.server}${path}`, { headers });
      assert.equal(answer.status, 200, await answer.text());
      waited.push(performance.now() - began);
    }
    await delay(20);
  }
  return waited.toSorted((a, b) => a - b);
}

/**
 * Attacks the API with all roles at once until each expected status has been answered. Checks that other callers are
 * answered in time, and that the process survives.
 */
async function underLoad(
  t: TestContext,
  expected: readonly string[],
  asked: (turn: number, who: Who) => Asked,
  atOnce: number,
): Promise<void> {
  const tally: Tally = new Map();
  const { pid } = installation.api;
  // If more has to run than there are processors, every answer takes longer.
  const bound = othersWithinMs * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
  const waited: number[] = [];
  for (
    let round = 0;
    round < mostRounds && (round === 0 || expected.some((status) => !tally.has(status)));
    round += 1
  ) {
    const until = Date.now() + loadMs;
    const [others] = await Promise.all([
      othersWait(until),
      ...callers().map((who) => storm(who, (turn) => asked(turn, who), { atOnce, until, tally })),
    ]);
    waited.push(...others);
  }
  waited.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(waited[Math.min(waited.length - 1, Math.floor(waited.length * share))] ?? Infinity);
  t.diagnostic(
    `${[...tally].map(([what, times]) => `${what}: ${times}`).join(', ')}; others waited p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms; at most ${peakMb()} MB resident`,
  );
  assert.ok(
    installation.api.runs && installation.api.pid === pid,
    `the process has ended:\n${installation.api.output().slice(-4_000)}`,
  );
  assert.ok(peakMb() < shippedMb, `the process used ${peakMb()} MB`);
  assert.ok(at(0.95) < bound, `others waited ${at(0.95)} ms`);
  for (const status of tally.keys())
    assert.match(status, /^(2..|4..|503|ended)$/, `answers: ${[...tally.keys()].join()}`);
  for (const status of expected) assert.ok(tally.has(status), `${status} among ${[...tally.keys()].join()}`);
  assert.ok(!installation.api.output().includes('"code":"internal"'));
}

test('request bodies at their limits and beyond', async (t) => {
  const bodies = Object.values(hostileBodies);
  await underLoad(
    t,
    ['400', '403', '413'],
    (turn) => ({
      method: 'PUT',
      path: '/v1/tenants/hostile?dryRun=true',
      body: bodies[turn % bodies.length] ?? '',
      headers: { 'if-match': '*' },
    }),
    6,
  );
});

test('pages of the largest resources, read and left unread', async (t) => {
  const pages = [
    '/v1/tenants?pageSize=500',
    '/v1/tenants/bulky/revisions?pageSize=500',
    '/v1/tenants/bulky',
    '/v1/tenants/bulky:diff',
    '/v1/operations?pageSize=500',
  ];
  await underLoad(
    t,
    ['200', '403', '404'],
    (turn) => ({ path: pages[turn % pages.length] ?? '', unread: turn % 3 === 0 }),
    8,
  );
});

test('more waits and requests than a caller may have', async (t) => {
  await underLoad(
    t,
    ['404', '429'],
    () => ({ path: `/v1/operations/${running}:wait?timeoutSeconds=60` }),
    mostRequests + 4,
  );
});

test('headers at their limits and beyond, and endless denials', async (t) => {
  await underLoad(
    t,
    ['404', '431'],
    (turn, { subject }) => ({
      path: `/v1/tenants/unheard-of-${subject}-${turn}`,
      headers: { 'x-padding': 'x'.repeat(turn % 2 === 0 ? maxRequestHeadBytes - 4_096 : maxRequestHeadBytes + 4_096) },
    }),
    8,
  );
  const entries = await installation.control
    .db(installation.databases.control)
    .collection('ledger')
    .countDocuments({ outcome: 'denied' });
  t.diagnostic(`${entries} ledger entries of denials`);
  assert.ok(entries < 1_500, `${entries} ledger entries of denials`);
});

test('more watches than a caller may have, from the first event on, read and left unread', async (t) => {
  await underLoad(
    t,
    ['200', '403', '429'],
    (turn) => ({ path: '/v1/tenants:watch', headers: { 'last-event-id': lastEventId }, unread: turn % 2 === 0 }),
    mostWatches + 4,
  );
});
