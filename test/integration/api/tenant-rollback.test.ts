import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { collectionSpecSchema } from '../../../contracts/manifests/tenant.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import type { TenantDifference } from '../../../contracts/tenant-revision.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readControlState, withoutAnswers } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpAnswer } from '../../harness/http-exchange.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { ended, takeAll } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';
import { declarations, declareHistory, path, readTenant } from './history-tenant.ts';

let installation: SharedInstallation;
let exchange: Exchange;

before(async () => {
  installation = await borrowInstallation(attachToStack());
  exchange = createExchange(installation);
  await declareHistory(installation, exchange);
});
after(() => installation.stop());

let keys = 0;
const rollback = (
  generation: unknown,
  headers: Record<string, string> = { 'if-match': '*' },
  name = 'acme',
): Promise<HttpAnswer> =>
  exchange({
    method: 'POST',
    path: `/v1/tenants/${name}:rollback`,
    body: { generation },
    headers: { 'idempotency-key': `rollback-${(keys += 1)}`, ...headers },
  });

test('a deleted tenant is not rolled back', async () => {
  const api = installation.client();
  await api.call('createTenant', { body: tenantManifest('gone') });
  await takeAll(api, 'gone', ['deleteTenant']);
  const answer = await rollback(1, { 'if-match': '*' }, 'gone');
  assert.equal(answer.problem().code, 'tenant_deleted');
});

test('a rollback declares earlier labels, annotations and spec as a new generation, and keeps lifecycle and placement', async () => {
  const api = installation.client();
  const name = 'draft';
  const declare = (spec: Partial<TenantInput['spec']>, labels: Record<string, string>) =>
    api.call('putTenant', {
      params: { name },
      ifMatch: '*',
      body: { ...tenantManifest(name, spec), metadata: { name, labels } },
    });
  await api.call('createTenant', {
    body: {
      ...tenantManifest(name, { displayName: 'One', placement: { preferredRegion: 'eu-west-1' } }),
      metadata: { name, labels: { env: 'dev' }, annotations: { note: 'x' } },
    },
  });
  const {
    body: { tenant: current },
  } = await declare(
    {
      displayName: 'Two',
      placement: { preferredRegion: 'us-east-1' },
      services: [{ name: 'other', collections: [{ name: 'things' }] }],
    },
    { env: 'prod' },
  );
  let answer: HttpAnswer | undefined;
  const entries = await entriesOf(installation, async () => {
    answer = await rollback(1, { 'if-match': `"${current.metadata.revision}"` }, name);
  });
  assert.equal(answer?.status, 200, answer?.text);
  const { tenant: restored } = answer.json<{ tenant: Tenant }>();
  assert.deepEqual(
    [restored.metadata.generation, restored.metadata.labels, restored.metadata.annotations],
    [3, { env: 'dev' }, { note: 'x' }],
  );
  assert.equal(answer.headers.get('etag'), `"${restored.metadata.revision}"`);
  assert.equal(restored.spec.displayName, 'One');
  assert.deepEqual(
    restored.spec.services.map((service) => service.name),
    ['shop'],
  );
  assert.deepEqual([restored.spec.placement, restored.spec.lifecycle], [{ preferredRegion: 'us-east-1' }, 'Draft']);
  assert.deepEqual(
    entries.map(({ action, outcome, next }) => [action, outcome, next?.generation]),
    [['tenant.update', 'succeeded', 3]],
  );
  const { changes } = (await exchange({ path: `/v1/tenants/${name}:diff?from=1&to=3` })).json<TenantDifference>();
  assert.deepEqual(changes, [{ pointer: '/spec/placement/preferredRegion', before: 'eu-west-1', after: 'us-east-1' }]);

  const state = withoutAnswers(await readControlState(installation));
  const again = await rollback(3, undefined, name);
  assert.deepEqual(
    [again.status, again.json<{ tenant: Tenant }>().tenant],
    [200, restored],
    'a rollback to the current generation changes nothing',
  );
  assert.deepEqual(withoutAnswers(await readControlState(installation)), state);
});

test('a rollback of an Active tenant takes effect at once if only labels differ, and runs an operation if its home differs', async () => {
  const made = await rollback(5);
  assert.equal(made.status, 200, made.text);
  assert.equal((await readTenant(exchange)).metadata.generation, 5);
  const labelled = await exchange({
    method: 'PUT',
    path,
    body: { ...declarations[4], metadata: { name: 'acme', labels: { env: 'test' } } },
    headers: { 'if-match': '*' },
  });
  assert.equal(labelled.json<{ tenant: Tenant }>().tenant.metadata.generation, 6, 'labels alone make a new generation');
  const back = await rollback(4);
  assert.deepEqual([back.status, back.json<{ operation?: unknown }>().operation], [200, undefined]);
  const { metadata, spec, status } = back.json<{ tenant: Tenant }>().tenant;
  assert.deepEqual(
    [metadata.generation, metadata.labels, spec.lifecycle, status.lifecycle],
    [7, { env: 'prod' }, 'Active', 'Active'],
  );

  const further = await rollback(3);
  assert.equal(further.status, 202, further.text);
  const { operation } = further.json<RouteAnswer<'rollbackTenant'>>();
  assert.ok(operation?.kind === 'reconcile', further.text);
  assert.equal((await ended(installation.client(), operation.id)).state, 'succeeded');
  const restored = await readTenant(exchange);
  assert.deepEqual(
    [restored.metadata.generation, restored.metadata.annotations, restored.status.lifecycle],
    [8, { 'a/b': 'note' }, 'Active'],
  );
  const [orders, carts, events] = restored.spec.services[0]?.collections ?? [];
  assert.deepEqual(
    [orders, events],
    tenantManifest('acme').spec.services[0]?.collections.map((collection) => collectionSpecSchema.parse(collection)),
  );
  assert.equal(carts?.name, 'carts', 'a collection that was added since holds data, so it is kept');
});

test('a rollback is refused, like a declaration, if the current lifecycle of the tenant does not allow the change', async () => {
  const api = installation.client();
  const name = 'both';
  await api.call('putPlan', {
    params: { name: 'other' },
    ifNoneMatch: '*',
    body: {
      apiVersion: 'tenure/v1',
      kind: 'Plan',
      metadata: { name: 'other' },
      spec: { isolationModes: ['dedicated'], quotas: { tables: 50 } },
    },
  });
  await api.call('createTenant', { body: tenantManifest(name, { plan: 'other' }) });
  await api.call('putTenant', { params: { name }, ifMatch: '*', body: tenantManifest(name) });
  await takeAll(api, name, ['activateTenant', 'suspendTenant', 'archiveTenant']);
  const before = await readControlState(installation);
  const entries = await entriesOf(installation, async () => {
    const refused = await rollback(1, undefined, name);
    assert.deepEqual([refused.status, refused.problem().code], [422, 'change_not_available']);
    assert.deepEqual(
      refused.problem().errors?.map(({ pointer }) => pointer),
      ['/spec/plan'],
      'an Archived tenant keeps its plan',
    );
  });
  assert.deepEqual(
    entries.map(({ action, outcome, reason }) => [action, outcome, reason]),
    [['tenant.update', 'denied', 'change_not_available']],
  );
  assert.deepEqual(await readControlState(installation), before);
});

test('a rollback has the preconditions, the idempotency and the validation of every change', async () => {
  const { revision } = (await readTenant(exchange)).metadata;
  const refusals: readonly (readonly [Promise<HttpAnswer>, status: number, code: string])[] = [
    [rollback(1, {}), 428, 'precondition_required'],
    [rollback(1, { 'if-match': `"${revision - 1}"` }), 412, 'revision_stale'],
    [rollback(1, { 'if-none-match': '*' }), 412, 'precondition_failed'],
    [rollback(99), 404, 'not_found'],
    [rollback(1, undefined, 'nobody'), 404, 'not_found'],
    [rollback(0), 400, 'request_invalid'],
    [rollback('1'), 400, 'request_invalid'],
    [rollback(1.5), 400, 'request_invalid'],
    [rollback(undefined), 400, 'request_invalid'],
    [
      exchange({ method: 'POST', path: `${path}:rollback`, body: { generation: 1 }, headers: { 'if-match': '*' } }),
      400,
      'idempotency_key_missing',
    ],
  ];
  for (const [answering, status, code] of refusals) {
    const answer = await answering;
    assert.deepEqual([answer.status, answer.problem().code], [status, code]);
  }
  const name = 'twice';
  const api = installation.client();
  await api.call('createTenant', { body: tenantManifest(name) });
  await api.call('putTenant', { params: { name }, ifMatch: '*', body: tenantManifest(name, { displayName: 'Two' }) });
  const once = {
    method: 'POST',
    path: `/v1/tenants/${name}:rollback`,
    body: { generation: 1 },
    headers: { 'if-match': '"2"', 'idempotency-key': 'once' },
  };
  const [first, second] = [await exchange(once), await exchange(once)];
  assert.equal(first.status, 200, first.text);
  assert.deepEqual([second.status, second.text, second.headers.get('idempotency-replayed')], [200, first.text, 'true']);
});
