import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, test } from 'node:test';
import { SignJWT, importJWK } from 'jose';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { tokenAudience, tokenIssuer } from '../../../tools/stack/token-issuer.ts';
import { createFurtherProcess } from '../../harness/further-process.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { always, ended, take } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { ServiceProcess } from '../../harness/service-process.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
const minute = 60_000;
const day = 24 * 60 * minute;

let installation: Installation;
let api: ApiClient;
before(async () => {
  installation = await startInstallation(stack, { worker: false });
  api = installation.client();
  await declareBasics(api);
  const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 100 } };
  await api.call('putPlan', {
    params: { name: 'other' },
    ifNoneMatch: '*',
    body: { apiVersion, kind: 'Plan', metadata: { name: 'other' }, spec },
  });
});
after(() => installation.stop());

const shifted: ServiceProcess[] = [];
afterEach(async () => {
  await Promise.all(shifted.splice(0).map((process) => process.kill('SIGKILL')));
});

interface Shifted {
  readonly process: ServiceProcess;
  readonly client: ApiClient;
  /** Returns what its operations port answers at this path. */
  readonly at: (path: string) => Promise<string>;
}

/**
 * Starts another API or worker of the installation, on a machine whose clock differs. Resolves when it reports that it
 * is not ready because of its clock.
 */
async function startShifted(
  entry: 'api/main.ts' | 'workers/main.ts',
  shiftMs: number,
  token = () => installation.token(),
): Promise<Shifted> {
  const preload = fileURLToPath(new URL('../../harness/shifted-clock.ts', import.meta.url));
  const { process, server, opsPort } = await createFurtherProcess(installation, entry, {
    NODE_OPTIONS: `--import=${preload}`,
    TEST_CLOCK_SHIFT_MS: String(shiftMs),
  });
  shifted.push(process);
  process.start();
  const at = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${opsPort}${path}`)).text();
  await until('the process is not ready, only because of its clock', async () => {
    const { ready, checks } = JSON.parse(await at('/readyz').catch(() => '{"checks":{}}')) as {
      ready?: boolean;
      checks: Record<string, string>;
    };
    return (
      ready === false &&
      checks['clock'] === 'failed' &&
      Object.values(checks).filter((state) => state !== 'ok').length === 1
    );
  });
  return { process, at, client: createApiClient({ server, token, retryForMs: 0 }) };
}

const draft = (name: string) => api.call('createTenant', { body: tenantManifest(name), ...always() });
const stateOf = async (name: string) => (await api.call('getTenant', { params: { name } })).body;

function assertNear(time: string | undefined, ms: number, what: string): void {
  assert.ok(Math.abs(Date.parse(time ?? '') - ms) < minute, `${what} is ${time}, not ${new Date(ms).toISOString()}`);
}

test('a worker whose clock is three months ahead uses the control database’s time, and purges nothing', async () => {
  await draft('kept');
  const { process, at } = await startShifted('workers/main.ts', 91 * day);
  const gauge = /^tenure_clock_difference_seconds\{[^}]*\} (\S+)$/m.exec(await at('/metrics'))?.[1];
  assert.equal(Math.round((Number(gauge) * 1000) / day), 91);

  assert.equal((await take(api, 'deleteTenant', 'kept')).state, 'succeeded');
  const { deletion } = (await stateOf('kept')).status;
  assertNear(deletion?.purgeTime, Date.now() + 90 * day, 'the purge time');
  await until('it has looked for due work', () => /clock of this process is \d+ s ahead/.test(process.output()));
  assert.equal((await stateOf('kept')).status.lifecycle, 'Deleted');

  // An early purge by an admin is accepted, but this worker does not start to destroy data.
  const { body } = await api.call('purgeTenant', { params: { name: 'kept' }, body: { early: true }, ...always() });
  const id = body.operation?.id ?? '';
  await until('it has received the step', () => process.output().includes('"step":"destroy-user"'));
  assert.deepEqual((await installation.store.operations.find(id))?.steps['destroy-user']?.state, 'pending');
  await process.kill('SIGKILL');
  installation.worker.start();
  await installation.worker.ready();
  assert.equal((await ended(api, id)).state, 'succeeded', 'a worker with a correct clock purges it');
});

test('an API whose clock is an hour ahead uses the control database’s time, and refuses deletions', async () => {
  const { client } = await startShifted('api/main.ts', 60 * minute);
  const { body: created } = await client.call('createTenant', { body: tenantManifest('punctual'), ...always() });
  assertNear(created.tenant.metadata.createTime, Date.now(), 'the creation time');
  assert.equal((await take(api, 'activateTenant', 'punctual')).state, 'succeeded');
  const soon = new Date(Date.now() + 30 * minute).toISOString();
  const { body: scheduled } = await client.call('changePlanOfTenant', {
    params: { name: 'punctual' },
    body: { plan: 'other', time: soon },
    ...always(),
  });
  assert.deepEqual([scheduled.operation, scheduled.tenant.status.scheduledPlan?.time], [undefined, soon]);
  await draft('unneeded');
  await assert.rejects(client.call('deleteTenant', { params: { name: 'unneeded' }, ...always() }), {
    code: 'clock_off',
  });
  assert.equal((await take(api, 'deleteTenant', 'unneeded')).state, 'succeeded', 'with a correct clock it is deleted');
});

test('an API whose clock is an hour behind refuses an expired token', async () => {
  const { kid = '', ...key } = stack.issuerPrivateKey;
  const ago = (minutes: number): number => Math.floor((Date.now() - minutes * minute) / 1000);
  const claims = {
    iss: tokenIssuer,
    aud: tokenAudience,
    sub: 'alice@example.com',
    roles: ['admin'],
    iat: ago(20),
    exp: ago(10),
  };
  const expired = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid })
    .sign(await importJWK(key, 'EdDSA'));
  const { client } = await startShifted('api/main.ts', -60 * minute, async () => expired);
  await assert.rejects(client.call('listTenants', { query: {} }), { code: 'unauthenticated' });
});
