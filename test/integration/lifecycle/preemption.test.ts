import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import type { ApiError } from '../../../client/api-error.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { TenantAccess } from '../../../contracts/tenant-access.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { readEntries } from '../../harness/control-data.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { canRead, connectAsTenant } from '../../harness/tenant-reach.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
let installation: SharedInstallation;
let api: ApiClient;
let cells: MongoClient[];
before(async () => {
  cells = [stack.mongod['eu-west-1'], stack.mongod['us-east-1']].map(({ adminUri }) => new MongoClient(adminUri));
  installation = await borrowInstallation(stack);
  api = installation.client();
  await declareBasics(api);
});
after(async () => {
  await installation.stop();
  await Promise.all(cells.map((cell) => cell.close()));
});

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const suspend = (name: string, preempt: boolean) =>
  api.call('suspendTenant', {
    params: { name },
    query: preempt ? { preempt: 'true' } : {},
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });

/** An Active tenant whose reconciliation waits before a step. */
async function reconciling(name: string): Promise<{ readonly id: string; readonly release: () => void }> {
  await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'correct-roles.before-intent', 'pause');
  const { body } = await api.call('reconcileTenant', { params: { name }, ifMatch: '*', idempotencyKey: randomUUID() });
  await failpoint.hit();
  return { id: body.operation?.id ?? '', release: failpoint.release };
}

test('an operation cancelled through the API is undone and ends as cancelled; the tenant is as before', async () => {
  const { id, release } = await reconciling('cancelled');
  const { body, status } = await api.call('cancelOperation', { params: { id } });
  assert.deepEqual([status, body.state], [202, 'running']);
  assert.ok(body.cancelRequestTime !== undefined);
  release();
  const operation = await ended(api, id);
  assert.equal(operation.state, 'cancelled', JSON.stringify(operation.error));
  assert.equal((await read('cancelled')).status.lifecycle, 'Active');
  assert.equal((await api.call('cancelOperation', { params: { id } })).status, 200);
  const actions = (await readEntries(installation, { operationId: id })).map(({ action }) => action);
  assert.ok(actions.includes('tenant.reconcile.cancel'));
});

test('an operation that has ended cannot be cancelled', async () => {
  await activeTenant(api, 'over');
  const { body } = await api.call('listOperations', { query: { tenant: 'over' } });
  await assert.rejects(api.call('cancelOperation', { params: { id: body.items[0]?.id ?? '' } }), /has ended/);
});

test('a second operation is refused while one runs; with preempt it waits until the first is undone', async () => {
  const { id, release } = await reconciling('preempted');
  await assert.rejects(suspend('preempted', false), /is running/);
  const { body } = await suspend('preempted', true);
  const waiting = body.operation;
  assert.deepEqual([waiting?.state, waiting?.waitsFor, body.tenant.status.pending?.id], ['pending', id, waiting?.id]);
  await assert.rejects(
    api.call('changePlanOfTenant', {
      params: { name: 'preempted' },
      body: { plan: 'enterprise' },
      query: { preempt: 'true' },
      ifMatch: '*',
      idempotencyKey: randomUUID(),
    }),
    /is running/,
    'only one operation may wait',
  );
  release();
  assert.equal((await ended(api, id)).state, 'cancelled');
  assert.equal((await ended(api, waiting?.id ?? '')).state, 'succeeded');
  const tenant = await read('preempted');
  assert.deepEqual(
    [tenant.status.lifecycle, tenant.spec.lifecycle, tenant.status.pending, tenant.status.operation],
    ['Suspended', 'Suspended', undefined, undefined],
  );
  const fences = (await readEntries(installation, { tenant: tenant.metadata.uid })).flatMap(({ fence }) =>
    fence === undefined ? [] : [fence],
  );
  const ascending = fences.toSorted((a, b) => a - b);
  assert.deepEqual(fences, ascending, 'no commit has an older fence than the one before it');
  const { items } = (await api.call('listTenantRevisions', { params: { name: 'preempted' } })).body;
  assert.deepEqual(
    [items[0]?.changed, items[0]?.action, items[0]?.operation],
    [['/spec/lifecycle'], 'tenant.suspend.hand_over', waiting?.id],
    'the generation names the operation that wrote it, not the one that ended in the same commit',
  );
});

test('a pending operation that is cancelled never starts, and the first one is still undone', async () => {
  const { id, release } = await reconciling('both-cancelled');
  const { body } = await suspend('both-cancelled', true);
  const cancelled = await api.call('cancelOperation', { params: { id: body.operation?.id ?? '' } });
  assert.deepEqual([cancelled.status, cancelled.body.state], [200, 'cancelled']);
  release();
  assert.equal((await ended(api, id)).state, 'cancelled');
  const tenant = await read('both-cancelled');
  assert.deepEqual([tenant.status.lifecycle, tenant.status.pending], ['Active', undefined]);
  const states = (await readEntries(installation, { tenant: tenant.metadata.uid })).filter(
    ({ previous }) => previous !== undefined,
  );
  for (const [index, { action, previous }] of states.entries())
    if (index > 0) assert.deepEqual(previous, states[index - 1]?.next, `${action} continues from the entry before it`);
});

test('an operation cancelled after its last step is still undone, and the waiting operation then runs', async () => {
  const name = 'at-its-end';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant']);
  const failpoint = armFailpoint(installation, 'finish.before-commit', 'pause');
  const { body: resuming } = await api.call('resumeTenant', {
    params: { name },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  await failpoint.hit();
  const { body: archiving } = await api.call('archiveTenant', {
    params: { name },
    query: { preempt: 'true' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  failpoint.release();
  assert.equal((await ended(api, resuming.operation?.id ?? '')).state, 'cancelled');
  assert.equal((await ended(api, archiving.operation?.id ?? '')).state, 'succeeded');
  assert.equal((await read(name)).status.lifecycle, 'Archived');
});

/** Whether a `collMod` of a collection with this name waits for its lock on any cell. */
async function waitsForLock(collection: string): Promise<boolean> {
  const waiting = [
    { $currentOp: { allUsers: true } },
    { $match: { 'command.collMod': collection, waitingForLock: true } },
  ];
  const found = await Promise.all(cells.map((cell) => cell.db('admin').aggregate(waiting).toArray()));
  return found.flat().length > 0;
}

const open = async (name: string): Promise<TenantAccess> =>
  (await api.call('openTenant', { params: { name }, body: {} })).body;

test('open transactions cannot delay a suspension: access is revoked before the undo that they block', async () => {
  const name = 'holding-on';
  await activeTenant(api, name);
  const access = await open(name);
  const client = connectAsTenant(access);
  const orders = client.db(access.database).collection('orders');
  const over = new AbortController();
  let opened = 0;
  // Three overlapping transactions; each starts again when it ends, whether it succeeds or fails.
  const transactions = [0, 1, 2].map(async (at) => {
    await setTimeout(at * 700);
    while (!over.signal.aborted) {
      await client
        .withSession(async (session) => {
          session.startTransaction();
          await orders.findOne({}, { session, maxTimeMS: 500 });
          opened += 1;
          await setTimeout(2_100, undefined, { signal: over.signal });
        })
        .catch(() => undefined);
    }
  });
  try {
    await until('all transactions overlap', () => opened >= 3);
    const { body } = await api.call('putTenant', {
      params: { name },
      ifMatch: '*',
      body: tenantManifest(name, {
        lifecycle: 'Active',
        services: [
          { name: 'shop', collections: [{ name: 'orders', jsonSchema: { required: ['sku'] } }, { name: 'events' }] },
        ],
      }),
    });
    await until('the change waits for the lock', async () => waitsForLock('orders'));
    const { body: suspending } = await suspend(name, true);
    assert.equal((await ended(api, body.operation?.id ?? '')).state, 'cancelled');
    assert.equal((await ended(api, suspending.operation?.id ?? '')).state, 'succeeded');
    assert.equal(await canRead(access), false);
  } finally {
    over.abort();
    await Promise.all(transactions);
    await client.close();
  }
});

test('a pending suspension that has already revoked access grants it again when it is cancelled', async () => {
  const name = 'given-back';
  const { id, release } = await reconciling(name);
  const access = await open(name);
  assert.equal(await canRead(access), true);
  const undoing = armFailpoint(installation, 'correct-collections.before-undo-checkpoint', 'pause');
  const { body } = await suspend(name, true);
  release();
  await undoing.hit();
  assert.equal(await canRead(access), false, 'access is revoked before the first operation is undone');
  await assert.rejects(open(name), /is running/);
  const waiting = body.operation?.id ?? '';
  const cancelled = await api.call('cancelOperation', { params: { id: waiting } });
  assert.deepEqual([cancelled.status, cancelled.body.state], [202, 'pending']);
  undoing.release();
  assert.equal((await ended(api, id)).state, 'cancelled');
  assert.equal((await ended(api, waiting)).state, 'cancelled');
  assert.equal((await read(name)).status.lifecycle, 'Active');
  assert.equal(await canRead(await open(name)), true);
});

test('a purge that has started to destroy data cannot be cancelled or preempted', async () => {
  const name = 'going';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const failpoint = armFailpoint(installation, 'destroy-user.before-checkpoint', 'pause');
  const { body } = await api.call('purgeTenant', {
    params: { name },
    body: { early: true },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  await failpoint.hit();
  const id = body.operation?.id ?? '';
  await assert.rejects(api.call('cancelOperation', { params: { id } }), /passed the point where it can be undone/);
  await assert.rejects(
    api.call('undeleteTenant', {
      params: { name },
      query: { preempt: 'true' },
      ifMatch: '*',
      idempotencyKey: randomUUID(),
    }),
    /is running/,
  );
  await assert.rejects(
    api.call('holdTenant', {
      params: { name },
      body: { reason: 'too late' },
      ifMatch: '*',
      idempotencyKey: randomUUID(),
    }),
    /being purged/,
  );
  failpoint.release();
  assert.equal((await ended(api, id)).state, 'succeeded');
});

test('a field set by a verb still belongs to it after the operation that would reverse it is undone', async () => {
  const name = 'owned';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant']);
  const failpoint = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body } = await api.call('resumeTenant', { params: { name }, ifMatch: '*', idempotencyKey: randomUUID() });
  await failpoint.hit();
  await api.call('cancelOperation', { params: { id: body.operation?.id ?? '' } });
  failpoint.release();
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'cancelled');
  const reversing = api.call('putTenant', {
    params: { name },
    ifMatch: '*',
    body: tenantManifest(name, { lifecycle: 'Active' }),
  });
  await assert.rejects(reversing, (error: ApiError) => error.code === 'field_owned');
});

test('the undo of a preempted operation and the preempting operation make one generation each', async () => {
  const name = 'generations';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant']);
  const failpoint = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body: resuming } = await api.call('resumeTenant', {
    params: { name },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  await failpoint.hit();
  const { body: archiving } = await api.call('archiveTenant', {
    params: { name },
    query: { preempt: 'true' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  failpoint.release();
  await ended(api, resuming.operation?.id ?? '');
  assert.equal((await ended(api, archiving.operation?.id ?? '')).state, 'succeeded');
  const {
    body: { items },
  } = await api.call('listTenantRevisions', { params: { name } });
  assert.deepEqual(
    items.map(({ generation }) => generation),
    [6, 5, 4, 3, 2, 1],
  );
  const declared = async (at: string) =>
    (await api.call('getTenant', { params: { name }, query: { at } })).body.spec.lifecycle;
  assert.deepEqual(
    [await declared('4'), await declared('5'), await declared('6')],
    ['Active', 'Suspended', 'Archived'],
  );
});

test('changes to two plans are different changes, and one that preempts also replaces a scheduled one', async () => {
  const name = 'replanned';
  await activeTenant(api, name);
  for (const plan of ['larger', 'largest']) {
    const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 500 } };
    await api.call('putPlan', {
      params: { name: plan },
      ifNoneMatch: '*',
      body: { apiVersion: 'tenure/v1', kind: 'Plan', metadata: { name: plan }, spec },
    });
  }
  const changePlan = (plan: string, rest: { time?: string } = {}, preempt: 'true' | 'false' = 'false') =>
    api.call('changePlanOfTenant', {
      params: { name },
      body: { plan, ...rest },
      query: { preempt },
      ifMatch: '*',
      idempotencyKey: randomUUID(),
    });
  await changePlan('largest', { time: '2126-01-01T00:00:00.000Z' });
  const reconciling = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body: first } = await api.call('reconcileTenant', {
    params: { name },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  await reconciling.hit();
  const { body: second } = await changePlan('larger', {}, 'true');
  reconciling.release();
  await ended(api, first.operation?.id ?? '');
  assert.equal((await ended(api, second.operation?.id ?? '')).state, 'succeeded');
  assert.deepEqual([(await read(name)).spec.plan, (await read(name)).status.scheduledPlan], ['larger', undefined]);

  const changing = armFailpoint(installation, 'begin.after-commit', 'pause');
  const { body: third } = await changePlan('largest');
  await changing.hit();
  await assert.rejects(changePlan('startup'), /is running/);
  assert.equal((await changePlan('largest')).body.operation?.id, third.operation?.id);
  changing.release();
  assert.equal((await ended(api, third.operation?.id ?? '')).state, 'succeeded');
});

/** An early purge of a deleted Draft that preempts its undeletion, which waits at a failpoint. */
async function purgedWhileUndeleted(
  name: string,
  at: string,
): Promise<{ readonly undelete: Operation; readonly purge: Operation }> {
  await api.call('createTenant', { body: tenantManifest(name), idempotencyKey: randomUUID() });
  await takeAll(api, name, ['deleteTenant']);
  const failpoint = armFailpoint(installation, at, 'pause');
  const { body: undeleting } = await api.call('undeleteTenant', {
    params: { name },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  await failpoint.hit();
  const { body: purging } = await api.call('purgeTenant', {
    params: { name },
    body: { early: true },
    query: { preempt: 'true' },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  failpoint.release();
  return {
    undelete: await ended(api, undeleting.operation?.id ?? ''),
    purge: await ended(api, purging.operation?.id ?? ''),
  };
}

for (const [when, at] of [
  ['before its first step', 'begin.after-commit'],
  ['after its last step', 'finish.before-commit'],
] as const) {
  test(`an early purge may preempt an undeletion ${when}, and is still early when it starts`, async () => {
    const { undelete, purge } = await purgedWhileUndeleted(`not-undeleted-${at.replace('.', '-')}`, at);
    assert.deepEqual([undelete.state, purge.state, purge.error], ['cancelled', 'succeeded', undefined]);
  });
}
