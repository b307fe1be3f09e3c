import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { readEntries } from '../../harness/control-data.ts';
import { requireJoined } from '../../harness/entry-chain.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, always, conditionOf, ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let api: ApiClient;
let exchange: Exchange;
before(async () => {
  installation = await borrowInstallation(attachToStack());
  api = installation.client();
  exchange = createExchange(installation);
  await declareBasics(api);
  await api.call('putPlan', {
    params: { name: 'large' },
    ifNoneMatch: '*',
    body: {
      apiVersion,
      kind: 'Plan',
      metadata: { name: 'large' },
      spec: { isolationModes: ['dedicated'], quotas: { tables: 500 } },
    },
  });
});
after(() => installation.stop());

const services: TenantInput['spec']['services'] = [
  ...tenantManifest('any').spec.services,
  { name: 'extra', collections: [{ name: 'notes', indexes: [] }] },
];
const read = async (name: string): Promise<Tenant> => (await api.call('getTenant', { params: { name } })).body;
const declare = async (name: string, spec: Partial<TenantInput['spec']>): Promise<RouteAnswer<'putTenant'>> =>
  (
    await api.call('putTenant', {
      params: { name },
      query: { force: 'true' },
      ...always(),
      body: tenantManifest(name, spec),
    })
  ).body;

/** The operations of an accepted change, in order. */
function courseOf({ operation, following = [] }: RouteAnswer<'putTenant'>): Operation[] {
  assert.ok(operation !== undefined, 'the change starts an operation');
  const course = [operation, ...following];
  assert.deepEqual(
    course.map(({ next }) => next),
    [...course.slice(1).map(({ id }) => id), undefined],
  );
  return course;
}

const kinds = (course: readonly Operation[]): string[] => course.map(({ kind }) => kind);

async function endsOf(course: readonly Operation[]): Promise<string[]> {
  const states: string[] = [];
  for (const { id } of course) states.push((await ended(api, id)).state);
  return states;
}

const observed = ({ metadata, status }: Tenant): boolean =>
  status.observedGeneration === metadata.generation && status.operation === undefined && status.pending === undefined;

test('a manifest that changes plan and collections starts two operations, as a dry run shows', async () => {
  const name = 'grows';
  await activeTenant(api, name);
  const manifest = tenantManifest(name, { lifecycle: 'Active', plan: 'large', services });
  const rehearsal = await exchange({
    method: 'PUT',
    path: `/v1/tenants/${name}?dryRun=true`,
    body: manifest,
    headers: { 'if-match': '*' },
  });
  assert.deepEqual(kinds(courseOf(rehearsal.json())), ['change_plan', 'reconcile']);
  const body = await declare(name, manifest.spec);
  const course = courseOf(body);
  assert.deepEqual(kinds(course), ['change_plan', 'reconcile']);
  assert.deepEqual(
    course.map(({ state }) => state),
    ['accepted', 'pending'],
  );
  const again = await declare(name, manifest.spec);
  assert.ok(
    again.operation === undefined || course.some(({ id }) => id === again.operation?.id),
    'the same manifest starts no other operation',
  );
  assert.deepEqual(await endsOf(course), ['succeeded', 'succeeded']);
  const tenant = await read(name);
  assert.ok(observed(tenant));
  assert.deepEqual(
    [tenant.spec.plan, tenant.status.plan?.name, conditionOf(tenant, 'Applied'), tenant.metadata.generation],
    ['large', 'large', 'True Applied', body.tenant.metadata.generation],
  );
  assert.deepEqual((await api.call('openTenant', { params: { name }, body: {} })).body.collections, [
    'orders',
    'events',
    'notes',
  ]);
  requireJoined(await readEntries(installation, { tenant: tenant.metadata.uid }));
});

test('nobody that watches sees the tenant between two operations of one change', async () => {
  const name = 'watched';
  const { metadata } = await activeTenant(api, name);
  const feed = await installation.store.openChangeFeed();
  try {
    const course = courseOf(await declare(name, { lifecycle: 'Active', plan: 'large', services }));
    assert.deepEqual(await endsOf(course), ['succeeded', 'succeeded']);
    const seen: (string | undefined)[] = [];
    while (seen.length === 0 || seen.at(-1) !== undefined) {
      const { change } = await feed.next();
      if (change?.kind === 'tenant' && change.tenant._id === metadata.uid) seen.push(change.tenant.operation?.id);
    }
    assert.deepEqual([...new Set(seen)], [...course.map(({ id }) => id), undefined]);
  } finally {
    await feed.close();
  }
});

test('a request that waits is answered when the last operation has ended', async () => {
  const name = 'awaited';
  await activeTenant(api, name);
  const answer = await exchange({
    method: 'PUT',
    path: `/v1/tenants/${name}?force=true`,
    body: tenantManifest(name, { lifecycle: 'Suspended', config: { theme: 'dark' } }),
    headers: { 'if-match': '*', prefer: 'wait=60' },
  });
  assert.equal(answer.status, 200, answer.text);
  const { tenant, operation } = answer.json<RouteAnswer<'putTenant'>>();
  assert.deepEqual(
    [operation?.kind, operation?.state, tenant.status.lifecycle],
    ['reconcile', 'succeeded', 'Suspended'],
  );
  assert.ok(observed(tenant));
  const back = await declare(name, { lifecycle: 'Active', config: { theme: 'light' } });
  assert.deepEqual(kinds(courseOf(back)), ['reconcile', 'resume']);
  assert.deepEqual(await endsOf(courseOf(back)), ['succeeded', 'succeeded']);
});

test('the manifest of an archived tenant with a hold creates an equal tenant under another name', async () => {
  const name = 'kept';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant', 'archiveTenant']);
  await api.call('holdTenant', { params: { name }, body: { reason: 'court' }, ...always() });
  const { metadata, spec, ...rest } = await read(name);
  const body = {
    ...rest,
    metadata: { name: 'kept-anew', ...(metadata.labels === undefined ? {} : { labels: metadata.labels }) },
    spec,
  };
  const { status: _status, ...manifest } = body;
  const made = (await api.call('putTenant', { params: { name: 'kept-anew' }, ifNoneMatch: '*', body: manifest })).body;
  const course = courseOf(made);
  assert.deepEqual(kinds(course), ['activate', 'suspend', 'archive']);
  assert.deepEqual(await endsOf(course), ['succeeded', 'succeeded', 'succeeded']);
  const tenant = await read('kept-anew');
  assert.deepEqual(
    [tenant.status.lifecycle, tenant.spec, conditionOf(tenant, 'DeletionBlocked')],
    ['Archived', spec, 'True LegalHold'],
  );
  assert.ok(observed(tenant));
});

test('cancelling the first operation undoes the whole declaration, and the second never starts', async () => {
  const name = 'called-back';
  const before = await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'bind-plan.before-intent', 'pause');
  const course = courseOf(await declare(name, { lifecycle: 'Active', plan: 'large', services }));
  await failpoint.hit();
  await api.call('cancelOperation', { params: { id: course[0]?.id ?? '' } });
  failpoint.release();
  assert.deepEqual(await endsOf(course), ['cancelled', 'cancelled']);
  const tenant = await read(name);
  assert.deepEqual(
    [tenant.spec, tenant.status.plan?.name, conditionOf(tenant, 'Ready'), conditionOf(tenant, 'Applied')],
    [before.spec, 'startup', 'True Active', 'False PlanChangeCancelled'],
  );
  assert.ok(observed(tenant));
  // Declaring the current spec again confirms it.
  const { tenant: declared, operation } = await declare(name, { lifecycle: 'Active' });
  assert.deepEqual(
    [operation, conditionOf(declared, 'Applied'), declared.metadata.generation],
    [undefined, 'True Applied', tenant.metadata.generation],
  );
});

test('cancelling a later operation keeps what the earlier ones have done', async () => {
  const name = 'half-way';
  const before = await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'adjust-tables.before-intent', 'pause');
  const course = courseOf(await declare(name, { lifecycle: 'Suspended', plan: 'large', services }));
  assert.deepEqual(kinds(course), ['suspend', 'change_plan', 'reconcile']);
  await failpoint.hit();
  await api.call('cancelOperation', { params: { id: course[2]?.id ?? '' } });
  failpoint.release();
  assert.deepEqual(await endsOf(course), ['succeeded', 'succeeded', 'cancelled']);
  const tenant = await read(name);
  assert.deepEqual(
    [tenant.spec.services, tenant.spec.plan, tenant.spec.lifecycle, conditionOf(tenant, 'Applied')],
    [before.spec.services, 'large', 'Suspended', 'False ReconciliationCancelled'],
  );
});

test('a following operation that waits can be cancelled alone', async () => {
  const name = 'shortened';
  const before = await activeTenant(api, name);
  const failpoint = armFailpoint(installation, 'bind-plan.before-intent', 'pause');
  const course = courseOf(await declare(name, { lifecycle: 'Active', plan: 'large', services }));
  await failpoint.hit();
  const { body: cancelled } = await api.call('cancelOperation', { params: { id: course[1]?.id ?? '' } });
  assert.equal(cancelled.state, 'cancelled');
  failpoint.release();
  assert.deepEqual(await endsOf(course), ['succeeded', 'cancelled']);
  const tenant = await read(name);
  assert.deepEqual(
    [tenant.spec.plan, tenant.spec.services, conditionOf(tenant, 'Ready'), conditionOf(tenant, 'Applied')],
    ['large', before.spec.services, 'True Active', 'False ReconciliationCancelled'],
  );
  assert.ok(observed(tenant));
});

test('when a following operation is cancelled, the field that it would have changed is the verb’s again', async () => {
  const name = 'owned';
  await activeTenant(api, name);
  await takeAll(api, name, ['suspendTenant']);
  const failpoint = armFailpoint(installation, 'bind-plan.before-intent', 'pause');
  const course = courseOf(await declare(name, { lifecycle: 'Active', plan: 'large' }));
  assert.deepEqual(kinds(course), ['change_plan', 'resume']);
  await failpoint.hit();
  await api.call('cancelOperation', { params: { id: course[1]?.id ?? '' } });
  failpoint.release();
  assert.deepEqual(await endsOf(course), ['succeeded', 'cancelled']);
  const tenant = await read(name);
  assert.deepEqual(
    [tenant.status.lifecycle, tenant.spec.lifecycle, tenant.spec.plan],
    ['Suspended', 'Suspended', 'large'],
  );
  const refused = await exchange({
    method: 'PUT',
    path: `/v1/tenants/${name}`,
    body: tenantManifest(name, { lifecycle: 'Active', plan: 'large' }),
    headers: { 'if-match': '*' },
  });
  assert.equal(refused.problem().code, 'field_owned', refused.text);
});
