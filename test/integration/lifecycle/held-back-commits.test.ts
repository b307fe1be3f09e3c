import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import type { LedgerEntry } from '../../../contracts/ledger-entry.ts';
import type { TenantAccess } from '../../../contracts/tenant-access.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { requireJoined } from '../../harness/entry-chain.ts';
import { createFurtherProcess } from '../../harness/further-process.ts';
import { startHoldingProxy } from '../../harness/holding-proxy.ts';
import type { HoldingProxy } from '../../harness/holding-proxy.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpAnswer } from '../../harness/http-exchange.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { ServiceProcess } from '../../harness/service-process.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
let installation: Installation;
/** An API with a direct connection to the control database. */
let api: ApiClient;
/** Another API, which reaches the control database through a proxy that can hold messages back. */
let slow: Exchange;
/** The proxies of the other API and of the only worker. */
let network: { readonly api: HoldingProxy; readonly worker: HoldingProxy };
const processes: ServiceProcess[] = [];

/** Starts a process behind the proxy, and returns its address. */
async function startBehind(proxy: HoldingProxy, entry: 'api/main.ts' | 'workers/main.ts'): Promise<string> {
  const { process, server } = await createFurtherProcess(installation, entry, { TENURE_CONTROL_URI: proxy.uri });
  processes.push(process);
  process.start();
  await process.ready();
  return server;
}

before(async () => {
  installation = await startInstallation(stack, { worker: false, settings: { TENURE_BRAKE_AT_LEAST: '1000' } });
  const start = () => startHoldingProxy(installation.environment['TENURE_CONTROL_URI'] ?? '');
  network = { api: await start(), worker: await start() };
  const server = await startBehind(network.api, 'api/main.ts');
  await startBehind(network.worker, 'workers/main.ts');
  await until(
    'every cell has been seen',
    async () =>
      [...(await installation.store.cells.observations()).values()].filter((cell) => cell.reachable).length >= 2,
  );
  slow = createExchange({ server, token: installation.token });
  api = installation.client();
  await declareBasics(api);
});
after(async () => {
  await Promise.all(processes.map((process) => process.kill('SIGKILL')));
  await Promise.all(Object.values(network ?? {}).map((proxy) => proxy.close()));
  await installation.stop();
});

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const open = async (name: string): Promise<TenantAccess> =>
  (await api.call('openTenant', { params: { name }, body: {} })).body;

/** Retries while another commit conflicts, as a client does. */
async function acknowledged(verb: 'suspendTenant' | 'resumeTenant' | 'undeleteTenant', name: string): Promise<void> {
  await until(
    `${verb} of ${name} is accepted and done`,
    async () => {
      const answer = await api
        .call(verb, { params: { name }, query: { preempt: 'true' }, ...always() })
        .catch((error: unknown) => {
          assert.match(
            String((error as { code?: unknown }).code),
            /^(control_unavailable|revision_stale)$/,
            (error as Error).message,
          );
        });
      const id = answer?.body.operation?.id;
      return answer !== undefined && (id === undefined || (await ended(api, id)).state === 'succeeded');
    },
    60_000,
  );
}

/** Checks that a credential opens nothing, no matter when it was issued. */
async function assertOpensNothing({
  credential: { username, password, authSource },
  endpoint,
  database,
  collections,
}: TenantAccess): Promise<void> {
  const client = new MongoClient(endpoint, { auth: { username, password }, authSource });
  try {
    for (const name of collections) {
      await assert.rejects(client.db(database).collection(name).findOne());
      await assert.rejects(client.db(database).collection(name).insertOne({ late: true }));
    }
  } finally {
    await client.close();
  }
}

/** A request through the slow network, and what is acknowledged to another caller in the meantime. */
interface Race {
  readonly what: string;
  /** Brings the tenant to the state in which the request is sent. */
  readonly prepare: (name: string) => Promise<unknown>;
  readonly request: (
    name: string,
    revision: number,
  ) => { readonly method: string; readonly path: string; readonly body?: object };
  readonly meanwhile: (name: string) => Promise<unknown>;
  readonly standing: 'Suspended' | 'Archived';
}

const suspend = (name: string) => acknowledged('suspendTenant', name);
const races: readonly Race[] = [
  {
    what: 'open',
    prepare: async () => undefined,
    request: (name) => ({ method: 'POST', path: `/v1/tenants/${name}:open`, body: {} }),
    meanwhile: suspend,
    standing: 'Suspended',
  },
  {
    what: 'label',
    prepare: async () => undefined,
    request: (name) => ({
      method: 'PUT',
      path: `/v1/tenants/${name}`,
      body: { ...tenantManifest(name, { lifecycle: 'Active' }), metadata: { name, labels: { late: 'yes' } } },
    }),
    meanwhile: suspend,
    standing: 'Suspended',
  },
  {
    what: 'config',
    prepare: async () => undefined,
    request: (name) => ({
      method: 'PUT',
      path: `/v1/tenants/${name}`,
      body: tenantManifest(name, { lifecycle: 'Active', config: { late: true } }),
    }),
    meanwhile: suspend,
    standing: 'Suspended',
  },
  {
    what: 'resume',
    prepare: (name) => takeAll(api, name, ['suspendTenant']),
    request: (name) => ({ method: 'POST', path: `/v1/tenants/${name}:resume` }),
    meanwhile: async (name) => {
      await acknowledged('resumeTenant', name);
      await suspend(name);
    },
    standing: 'Suspended',
  },
  {
    what: 'purge',
    prepare: (name) => takeAll(api, name, ['suspendTenant', 'archiveTenant', 'deleteTenant']),
    request: (name) => ({ method: 'POST', path: `/v1/tenants/${name}:purge`, body: { early: true } }),
    meanwhile: (name) => acknowledged('undeleteTenant', name),
    standing: 'Archived',
  },
];

/** The entries that say what was done for the request with this answer. */
const doneFor = (entries: readonly LedgerEntry[], answer: HttpAnswer): LedgerEntry[] =>
  entries.filter(
    ({ requestId, outcome }) =>
      requestId === answer.headers.get('x-request-id') && outcome !== 'denied' && outcome !== 'failed',
  );

for (const at of ['insert', 'commitTransaction'] as const) {
  test(`a commit of an API that is held back at ${at} does not override what is acknowledged meanwhile`, async () => {
    const tenants = await Promise.all(
      races.map(async (race) => {
        const name = `${race.what}-${at.toLowerCase()}`;
        const { uid } = (await activeTenant(api, name)).metadata;
        const access = await open(name);
        await race.prepare(name);
        return { ...race, name, uid, access, revision: (await read(name)).metadata.revision };
      }),
    );
    const running = [];
    for (const tenant of tenants) {
      const held = network.api.holdNext(at, at === 'insert' ? tenant.uid : '');
      const headers = { 'if-match': `"${tenant.revision}"`, 'idempotency-key': randomUUID() };
      const answer = slow({ ...tenant.request(tenant.name, tenant.revision), headers });
      await held.caught();
      running.push({ ...tenant, held, answer });
    }
    await Promise.all(
      running.map(async ({ name, meanwhile, held, answer, ...tenant }) => {
        await meanwhile(name);
        await held.release();
        const late = await answer;
        const { metadata, status } = await read(name);
        assert.equal(
          status.lifecycle,
          tenant.standing,
          `${name}; the late request was answered ${late.status} ${late.text}`,
        );
        const entries = await readEntries(installation, { tenant: tenant.uid });
        requireJoined(entries);
        assert.match(
          late.problem().code,
          /^(revision_stale|policy_refused|control_unavailable)$/,
          `${name} was answered ${late.text}`,
        );
        assert.deepEqual(
          doneFor(entries, late).map(({ action }) => action),
          [],
          name,
        );
        assert.equal(metadata.labels?.['late'], undefined, name);
        await assertOpensNothing(tenant.access);
      }),
    );
  });
}

test('a worker’s commit that is held back grants no access after its operation was cancelled', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `resumed-${index}`);
  const given = await Promise.all(
    names.map(async (name) => {
      await activeTenant(api, name);
      const access = await open(name);
      await takeAll(api, name, ['suspendTenant']);
      return access;
    }),
  );
  // Each operation is held at the step that it has reached by then, so the steps differ.
  const held = [];
  const operations: string[] = [];
  for (const name of names) {
    held.push(network.worker.holdNext('commitTransaction', ''));
    const { body } = await api.call('resumeTenant', { params: { name }, ...always() });
    operations.push(body.operation?.id ?? '');
  }
  await Promise.all(held.map((one) => one.caught()));
  await Promise.all(
    operations.map(async (id, index) => {
      await until('the cancellation is accepted', async () => {
        const code = await api.call('cancelOperation', { params: { id }, ...always() }).then(
          () => 'accepted',
          (error: unknown) => (error as { code: string }).code,
        );
        assert.match(code, /^(accepted|control_unavailable|cancel_not_possible)$/);
        return code !== 'control_unavailable';
      });
      if ((await ended(api, id)).state !== 'cancelled') await suspend(names[index] ?? '');
    }),
  );
  await Promise.all(held.map((one) => one.release()));
  for (const [index, name] of names.entries()) {
    const { metadata, status } = await read(name);
    assert.equal(status.lifecycle, 'Suspended');
    requireJoined(await readEntries(installation, { tenant: metadata.uid }));
    const { code } = await api.call('openTenant', { params: { name }, body: {} }).then(
      () => ({ code: 'opened' }),
      (error: unknown) => error as { code: string },
    );
    assert.equal(code, 'policy_refused');
    const access = given[index];
    assert.ok(access !== undefined);
    await assertOpensNothing(access);
  }
});
