import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import type { IsolationVerification } from '../../../contracts/isolation-report.ts';
import { isolationVerificationSchema } from '../../../contracts/isolation-report.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { layoutOf } from '../../../domain/home-layout.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { readEntries } from '../../harness/control-data.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, conditionOf, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
let installation: Installation;
let api: ApiClient;
let cell: MongoClient;
before(async () => {
  installation = await startInstallation(stack);
  api = installation.client();
  await declareBasics(api);
  cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
  await Promise.all(
    ['acme', 'globex', 'initech'].map((name) =>
      activeTenant(api, name, { placement: { mode: 'schema', preferredRegion: 'eu-west-1' } }),
    ),
  );
});
after(async () => {
  await cell.close();
  await installation.stop();
});

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const ask = async (name: string, against: string) =>
  (await api.call('verifyIsolationOfTenant', { params: { name }, body: { against } })).body;
const reportOf = async (name: string, against?: string) =>
  (await api.call('isolationReportOfTenant', { params: { name }, query: against === undefined ? {} : { against } }))
    .body;
const layout = ({ metadata: { uid }, spec }: Tenant) => layoutOf({ uid, spec, mode: 'schema' });

/** Starts a verification, and resolves when it has ended. */
async function verify(name: string, against: string): Promise<IsolationVerification> {
  const { running } = await ask(name, against);
  assert.ok(running !== undefined);
  return until(
    `${name} and ${against} are verified`,
    async () => {
      const found = await reportOf(name, against);
      return found.running === undefined ? found : undefined;
    },
    180_000,
  );
}

/** Those in tenants of this installation: other installations may verify at the same time. */
async function canaries(): Promise<Document[]> {
  const { items } = (await api.call('listTenants', { query: {} })).body;
  const names = (await cell.db('tenure_pool').listCollections({}, { nameOnly: true }).toArray())
    .map(({ name }) => name)
    .filter((name) => items.some(({ metadata }) => name.endsWith(metadata.uid)));
  return (
    await Promise.all(
      names.map((name) =>
        cell
          .db('tenure_pool')
          .collection(name)
          .find({ canary: { $exists: true } })
          .toArray(),
      ),
    )
  ).flat();
}

test('a verification records its verdict for both tenants: condition, report, entries and events', async () => {
  assert.equal(
    conditionOf(await read('acme'), 'IsolationVerified'),
    'True ProbeRefused',
    'the probe of the activation sets the condition',
  );
  await assert.rejects(reportOf('acme'), { code: 'not_found' });
  const verification = isolationVerificationSchema.parse(await verify('acme', 'globex'));
  const { report } = verification;
  assert.deepEqual(
    [report?.verdict, report?.directions.map(({ from, to }) => [from, to])],
    [
      'held',
      [
        ['acme', 'globex'],
        ['globex', 'acme'],
      ],
    ],
  );
  for (const name of ['acme', 'globex']) {
    const tenant = await read(name);
    assert.equal(conditionOf(tenant, 'IsolationVerified'), 'True PairVerified');
    assert.equal(conditionOf(tenant, 'Ready'), 'True Active');
    const { message = '' } = tenant.status.conditions.find(({ type }) => type === 'IsolationVerified') ?? {};
    for (const part of [
      report!.endTime,
      report!.directions[0]!.mongod,
      String(report!.directions.reduce((sum, { probes }) => sum + probes, 0)),
    ])
      assert.ok(message.includes(part), message);
    assert.ok(
      !message.includes(name === 'acme' ? 'globex' : 'acme'),
      'a reader of one tenant does not learn the name of the other',
    );
    const entries = (await readEntries(installation, { tenant: tenant.metadata.uid })).filter(
      ({ action }) => action === 'tenant.verify_isolation',
    );
    assert.deepEqual(
      entries.map(({ outcome, event, policy }) => [outcome, event?.type, policy?.decision]),
      [
        ['allowed', undefined, 'allow'],
        ['succeeded', 'tenant.isolation_verified.v1', undefined],
      ],
    );
    assert.equal(entries[1]?.event?.data['verification'], report?.id);
    assert.deepEqual((await reportOf(name)).report, report);
  }
  assert.deepEqual(await canaries(), []);
});

test('after a breach both tenants are not ready, even if reconciled, until a verification passes', async () => {
  const [acme, globex] = [await read('acme'), await read('globex')];
  const [mine, theirs] = [layout(acme), layout(globex).namespaces[0]!];
  const pool = cell.db(mine.roles.database);
  await pool.command({
    grantPrivilegesToRole: mine.roles.readWrite,
    privileges: [{ resource: { db: theirs.database, collection: theirs.name }, actions: ['find'] }],
  });
  const { report } = await verify('globex', 'acme');
  assert.equal(report?.verdict, 'breached');
  const [fromGlobex, fromAcme] = report.directions;
  assert.deepEqual([fromGlobex?.from, fromGlobex?.breaches.length], ['globex', 0]);
  assert.ok(
    fromAcme!.breaches.some(({ probe, evidence }) => probe === `find in ${theirs.name}` && evidence === 'disclosed'),
    JSON.stringify(fromAcme!.breaches.slice(0, 3)),
  );
  const breached = async () => {
    for (const name of ['acme', 'globex']) {
      assert.equal(conditionOf(await read(name), 'IsolationVerified'), 'False Breach');
      assert.equal(conditionOf(await read(name), 'Ready'), 'False IsolationBreached');
    }
  };
  await breached();
  for (const { metadata } of [acme, globex]) {
    const [last] = (await readEntries(installation, { tenant: metadata.uid })).slice(-1);
    assert.deepEqual(
      [last?.event?.type, last?.outcome, last?.event?.data['breaches']],
      ['tenant.isolation_breached.v1', 'failed', fromAcme!.breaches.length],
    );
  }

  await takeAll(api, 'acme', ['reconcileTenant']);
  await takeAll(api, 'globex', ['reconcileTenant']);
  await breached();
  // A boundary that holds with a third tenant does not clear the breach between these two.
  assert.equal((await verify('acme', 'initech')).report?.verdict, 'held');
  assert.equal(conditionOf(await read('acme'), 'IsolationVerified'), 'False Breach');
  assert.equal(conditionOf(await read('initech'), 'IsolationVerified'), 'True PairVerified');

  assert.equal((await verify('acme', 'globex')).report?.verdict, 'held', 'the reconciliation has revoked the right');
  for (const name of ['acme', 'globex']) {
    assert.equal(conditionOf(await read(name), 'IsolationVerified'), 'True PairVerified');
    assert.equal(conditionOf(await read(name), 'Ready'), 'True Active');
  }
});

test('after a worker is killed during a verification, the next one removes the canaries and finishes it', async () => {
  const failpoint = armFailpoint(installation, 'verify.canaries-planted', 'kill');
  const { running } = await ask('acme', 'globex');
  await failpoint.hit();
  assert.equal((await canaries()).length, 2);
  assert.equal((await ask('globex', 'acme')).running?.id, running?.id, 'a running verification is joined');
  installation.worker.start();
  const { report } = await until(
    'the verification has ended',
    async () => {
      const found = await reportOf('acme', 'globex');
      return found.running === undefined ? found : undefined;
    },
    180_000,
  );
  assert.deepEqual([report?.id, report?.verdict], [running?.id, 'held']);
  assert.deepEqual(await canaries(), []);
  const { users } = await cell.db('tenure_cell').command({ usersInfo: 1 });
  assert.deepEqual(
    (users as { user: string }[]).filter(({ user }) => user.startsWith(`tenure_bystander_${running?.id}`)),
    [],
  );
});

test('a verification without a verdict says why, and changes no condition', async () => {
  const mine = layout(await read('initech'));
  const user = (await installation.store.resources.find('Tenant', 'initech'))?.databaseUser;
  await cell.db(mine.database).command({ updateUser: user, roles: [] });
  const { failure, report } = await verify('initech', 'globex');
  assert.deepEqual([failure?.code, report], ['isolation_probe_failed', undefined]);
  assert.equal(conditionOf(await read('initech'), 'IsolationVerified'), 'True PairVerified');
  assert.deepEqual(await canaries(), []);
});

test('only two Active tenants can be verified, by a caller that may verify both', async () => {
  await assert.rejects(ask('acme', 'acme'), { code: 'request_invalid' });
  await assert.rejects(ask('acme', 'never-was'), { code: 'not_found' });
  await takeAll(api, 'initech', ['suspendTenant']);
  await assert.rejects(ask('acme', 'initech'), { code: 'tenant_not_active' });
  const { metadata } = await read('acme');
  const confined = installation.client({ roles: ['operator'], tenants: [metadata.uid] });
  await assert.rejects(
    confined.call('verifyIsolationOfTenant', { params: { name: 'acme' }, body: { against: 'globex' } }),
    { code: 'not_found' },
  );
  await assert.rejects(
    confined.call('isolationReportOfTenant', { params: { name: 'acme' } }),
    (error: Error) => !error.message.includes('globex') && !error.message.includes('initech'),
  );
});
