import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import type { TenantAccess } from '../../../contracts/tenant-access.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { startDeclared } from '../../harness/declared-installation.ts';
import type { Exchange, HttpAnswer } from '../../harness/http-exchange.ts';
import type { Installation, Who } from '../../harness/installation.ts';
import { ended } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: Installation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await startDeclared());
  const api = installation.client();
  await api.call('createTenant', { body: tenantManifest('draft') });
  const { body } = await api.call('createTenant', { body: tenantManifest('acme', { lifecycle: 'Active' }) });
  await api.call('waitOperation', { params: { id: body.operation?.id ?? '' } });
});
after(() => installation.stop());

const open = (body: object = {}, who?: Who, name = 'acme'): Promise<HttpAnswer> =>
  exchange({ method: 'POST', path: `/v1/tenants/${name}:open`, body, ...(who === undefined ? {} : { who }) });

async function opened(body?: object, who?: Who): Promise<TenantAccess> {
  const answer = await open(body, who);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('cache-control'), 'no-store, no-transform');
  return answer.json();
}

const leases = () =>
  installation.control
    .db(installation.databases.control)
    .collection<{ _id: string; subject: string; until: Date }>('leases');

/** The API reckons mongod’s time from its last answer. */
const estimateMs = 1_000;

test('each access that is granted is a lease and an entry with the decision; the credential opens the tenant', async () => {
  const entries = await entriesOf(installation, async () => {
    const askedAt = Date.now();
    const first = await opened();
    const beganAt = Date.parse(first.lease.expireTime) - first.lease.durationMs;
    assert.ok(
      askedAt - estimateMs <= beganAt && beganAt <= Date.now() + estimateMs,
      `a lease of ${first.lease.durationMs} ms from its issue to ${first.lease.expireTime}`,
    );
    const second = await opened();
    assert.notEqual(first.lease.id, second.lease.id);
    const { username, password, authSource } = first.credential;
    const client = new MongoClient(first.endpoint, { auth: { username, password }, authSource });
    try {
      assert.equal(
        await client
          .db(first.database)
          .collection(first.collections[0] ?? '')
          .countDocuments(),
        0,
      );
    } finally {
      await client.close();
    }
  });
  assert.deepEqual(
    entries.map(({ action, outcome, policy }) => [action, outcome, policy?.decision]),
    [
      ['tenant.open', 'allowed', 'allow'],
      ['tenant.open', 'allowed', 'allow'],
    ],
  );
});

test('a renewal extends the lease that it names: no new lease, no entry', async () => {
  const { lease } = await opened();
  const before = await leases().countDocuments();
  const entries = await entriesOf(installation, async () => {
    const renewed = await opened({ leaseId: lease.id });
    assert.equal(renewed.lease.id, lease.id);
    assert.ok(renewed.lease.expireTime > lease.expireTime);
    assert.equal((await leases().findOne({ _id: lease.id }))?.until.toISOString(), renewed.lease.expireTime);
  });
  assert.deepEqual(entries, []);
  assert.equal(await leases().countDocuments(), before);
});

test('a lease is not renewed by another subject, after it ended, in a later epoch or for another tenant: each gets a new lease with an entry', async () => {
  const mine = await opened();
  const standing = await leases().findOne({ _id: mine.lease.id });
  const ended = await opened();
  await leases().updateOne({ _id: ended.lease.id }, { $set: { until: new Date(Date.now() - 1) } });
  const moved = await opened();
  await leases().updateOne({ _id: moved.lease.id }, { $set: { epoch: 0 } });
  const elsewhere = await opened();
  await leases().updateOne({ _id: elsewhere.lease.id }, { $set: { tenant: installation.store.newId() } });

  const attempts: readonly [TenantAccess, Who | undefined][] = [
    [mine, { subject: 'bob@example.com' }],
    [ended, undefined],
    [moved, undefined],
    [elsewhere, undefined],
  ];
  for (const [{ lease }, who] of attempts) {
    const entries = await entriesOf(installation, async () => {
      assert.notEqual((await opened({ leaseId: lease.id }, who)).lease.id, lease.id);
    });
    assert.deepEqual(
      entries.map((entry) => entry.action),
      ['tenant.open'],
    );
  }
  assert.deepEqual(
    await leases().findOne({ _id: mine.lease.id }),
    standing,
    'the lease of the first holder is unchanged',
  );
});

test('a Draft is not opened: 422 with the fix, one entry, no lease', async () => {
  const state = await readControlState(installation);
  const entries = await entriesOf(installation, async () => {
    const answer = await open({}, undefined, 'draft');
    assert.equal(answer.problem().code, 'policy_refused', answer.text);
    const [flaw] = answer.problem().errors ?? [];
    assert.deepEqual([flaw?.rule, flaw?.allowed], ['lifecycle.open', ['Active']]);
    assert.ok((flaw?.fix ?? '').length > 0);
  });
  assert.deepEqual(
    entries.map(({ action, outcome, policy }) => [action, outcome, policy?.decision]),
    [['tenant.open', 'denied', 'deny']],
  );
  assert.deepEqual(await readControlState(installation), state);
});

test('policy decides on each renewal: a lease is not extended when the tenant is no longer Active', async () => {
  const { lease } = await opened();
  const resources = installation.control.db(installation.databases.control).collection('resources');
  await resources.updateOne({ name: 'acme' }, { $set: { lifecycle: 'Suspended' } });
  try {
    assert.equal((await open({ leaseId: lease.id })).problem().code, 'policy_refused');
    assert.equal((await leases().findOne({ _id: lease.id }))?.until.toISOString(), lease.expireTime);
  } finally {
    await resources.updateOne({ name: 'acme' }, { $set: { lifecycle: 'Active' } });
  }
});

test('the password is only in the answer to open: not in logs, in other answers or in plain text in control data', async () => {
  const { credential } = await opened();
  const places: Record<string, string> = {
    'the output of the API': installation.api.output(),
    'the output of the worker': installation.worker.output(),
    'the control data': Object.values(await readControlState(installation)).join('\n'),
    tenants: (await exchange({ path: '/v1/tenants' })).text,
    operations: (await exchange({ path: '/v1/operations' })).text,
  };
  const { items } = (await exchange({ path: '/v1/operations' })).json<RouteAnswer<'listOperations'>>();
  assert.ok(
    items.length > 0 && (places['the output of the worker'] ?? '').includes('create-user'),
    'there is something to search',
  );
  for (const [place, text] of Object.entries(places)) {
    for (const form of [
      credential.password,
      Buffer.from(credential.password).toString('base64'),
      Buffer.from(credential.password).toString('hex'),
    ]) {
      assert.ok(!text.includes(form), place);
    }
  }
});

test('a tenant cannot be opened while access is revoked, or afterwards', async () => {
  const api = installation.client();
  const { body } = await api.call('createTenant', { body: tenantManifest('leaving', { lifecycle: 'Active' }) });
  await ended(api, body.operation?.id ?? '');
  assert.equal((await open({}, undefined, 'leaving')).status, 200);
  const failpoint = armFailpoint(installation, 'revoke-access.before-intent', 'pause');
  const { body: suspending } = await api.call('suspendTenant', {
    params: { name: 'leaving' },
    ifMatch: '*',
    idempotencyKey: 'leaving',
  });
  await failpoint.hit();
  const refused = await open({}, undefined, 'leaving');
  assert.deepEqual([refused.status, refused.json<{ code: string }>().code], [409, 'operation_in_progress']);
  failpoint.release();
  await ended(api, suspending.operation?.id ?? '');
  const after = await open({}, undefined, 'leaving');
  assert.deepEqual([after.status, after.json<{ code: string }>().code], [422, 'policy_refused']);
});
