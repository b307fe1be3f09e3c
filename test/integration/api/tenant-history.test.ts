import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BSON } from 'mongodb';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { collectionSpecSchema } from '../../../contracts/manifests/tenant.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import type { TenantDifference, TenantRevision } from '../../../contracts/tenant-revision.ts';
import type { LedgerDocument, RevisionDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange, HttpAnswer } from '../../harness/http-exchange.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

let installation: Installation;
let exchange: Exchange;
const path = '/v1/tenants/acme';

function manifest(
  spec: Partial<TenantInput['spec']>,
  labels: Record<string, string> = {},
  annotations: Record<string, string> = {},
): TenantInput {
  const { metadata, ...rest } = tenantManifest('acme', spec);
  return { ...rest, metadata: { ...metadata, labels, annotations } };
}

/** What each generation declares; the fifth begins an activation. */
const declarations: readonly TenantInput[] = [
  manifest({ displayName: 'One' }),
  manifest({ displayName: 'Two' }, { env: 'dev', constructor: 'yes' }),
  manifest({ displayName: 'Two' }, { env: 'prod' }, { 'a/b': 'note' }),
  manifest({ services: [{ name: 'shop', collections: [{ name: 'orders' }, { name: 'carts' }] }] }, { env: 'prod' }),
  manifest(
    { services: [{ name: 'shop', collections: [{ name: 'orders' }, { name: 'carts' }] }], lifecycle: 'Active' },
    { env: 'prod' },
  ),
];
const times: string[] = [];

async function tenant(): Promise<Tenant> {
  return (await exchange({ path })).json<Tenant>();
}

before(async () => {
  installation = await startInstallation(attachToStack());
  exchange = createExchange(installation);
  await declareBasics(installation.client());
  for (const [index, body] of declarations.entries()) {
    const answer = await exchange({
      method: 'PUT',
      path,
      body,
      headers: index === 0 ? { 'if-none-match': '*' } : { 'if-match': '*' },
      who: { subject: `editor-${index + 1}@example.com`, roles: ['admin'] },
    });
    assert.ok(answer.status < 300, answer.text);
    times.push(answer.json<{ tenant: Tenant }>().tenant.metadata.updateTime);
    // So that no two generations are of one millisecond.
    await until('the clock goes on', () => Date.now() > Date.parse(times.at(-1) ?? ''));
  }
  await until('acme is Active', async () => (await tenant()).status.lifecycle === 'Active');
});
after(() => installation.stop());

const at = async (point: string): Promise<TenantRevision> =>
  (await exchange({ path: `${path}?at=${encodeURIComponent(point)}` })).json<TenantRevision>();

test('a tenant is answered as each generation declared it, by its number and by any time while it stood', async () => {
  const { uid } = (await tenant()).metadata;
  for (const [
    index,
    {
      metadata: { labels, annotations },
      spec,
    },
  ] of declarations.entries()) {
    const revision = await at(String(index + 1));
    assert.deepEqual(Object.keys(revision), ['apiVersion', 'kind', 'metadata', 'spec']);
    assert.deepEqual(revision.metadata, {
      name: 'acme',
      ...(Object.keys(labels ?? {}).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations ?? {}).length === 0 ? {} : { annotations }),
      uid,
      generation: index + 1,
      time: times[index],
    });
    assert.partialDeepStrictEqual(revision.spec, spec);
    const began = Date.parse(times[index] ?? '');
    const next = Date.parse(times[index + 1] ?? new Date(Date.now() + 60_000).toISOString());
    for (const moment of [began, Math.floor((began + next) / 2), next - 1])
      assert.deepEqual(await at(new Date(moment).toISOString()), revision);
    assert.deepEqual(
      await at(new Date(began + 2 * 3_600_000).toISOString().replace('Z', '+02:00')),
      revision,
      'an offset is taken into account',
    );
  }
});

test('what never stood is not found, and the answer says what did', async () => {
  const missing: readonly (readonly [string, RegExp])[] = [
    ['6', /has no generation 6: there are generations 1 to 5, the first of /],
    ['999999999', /there are generations 1 to 5/],
    [
      new Date(Date.parse(times[0] ?? '') - 1).toISOString(),
      new RegExp(`did not stand yet at .*: there are generations 1 to 5, the first of ${times[0]}`),
    ],
    ['0001-01-01T00:00:00Z', /did not stand yet/],
  ];
  for (const [point, says] of missing) {
    for (const query of [`?at=${point}`, `:diff?from=${point}`, `:diff?from=1&to=${point}`]) {
      const { code, detail } = (await exchange({ path: `${path}${query}` })).problem();
      assert.equal(code, 'not_found', query);
      assert.match(detail, says);
    }
  }
});

for (const point of [
  '',
  '0',
  '-1',
  '1.5',
  '01',
  '1e3',
  'now',
  '2026-11-21',
  '2026-02-30T00:00:00Z',
  '2026-11-21T24:00:00Z',
  '2026-11-21T14:30:00',
  '2026-11-21T14:30:00+02:00',
  '9999999999',
]) {
  test(`no point in time: "${point}"`, async () => {
    // Not encoded, so that "+" arrives as a space.
    for (const query of [`?at=${point}`, `:diff?from=${point}`, `:diff?to=${point}`]) {
      const answer = await exchange({ path: `${path}${query}` });
      assert.equal(answer.problem().code, 'request_invalid', query);
      assert.match(
        answer.problem().errors?.[0]?.message ?? '',
        /must be the number of a generation, or a time such as/,
      );
    }
  });
}

type Revisions = RouteAnswer<'listTenantRevisions'>;

test('the history says when, who, by what and what changed, newest first and page by page', async () => {
  const { items } = (await exchange({ path: `${path}/revisions` })).json<Revisions>();
  const operations = (await exchange({ path: '/v1/operations?tenant=acme' })).json<RouteAnswer<'listOperations'>>();
  const [operation] = operations.items;
  assert.deepEqual(items, [
    {
      generation: 5,
      time: times[4],
      actor: 'editor-5@example.com',
      action: 'tenant.update',
      operation: operation?.id,
      changed: ['/spec/lifecycle'],
    },
    {
      generation: 4,
      time: times[3],
      actor: 'editor-4@example.com',
      action: 'tenant.update',
      changed: [
        '/metadata/annotations/a~1b',
        '/spec/displayName',
        '/spec/services/0/collections/0/indexes/0',
        '/spec/services/0/collections/0/jsonSchema',
        '/spec/services/0/collections/1/indexes/0',
        '/spec/services/0/collections/1/name',
      ],
    },
    {
      generation: 3,
      time: times[2],
      actor: 'editor-3@example.com',
      action: 'tenant.update',
      changed: ['/metadata/annotations/a~1b', '/metadata/labels/constructor', '/metadata/labels/env'],
    },
    {
      generation: 2,
      time: times[1],
      actor: 'editor-2@example.com',
      action: 'tenant.update',
      changed: ['/metadata/labels/constructor', '/metadata/labels/env', '/spec/displayName'],
    },
    { generation: 1, time: times[0], actor: 'editor-1@example.com', action: 'tenant.create', changed: [] },
  ]);
  const paged: Revisions['items'] = [];
  for (let token: string | undefined; ;) {
    const page = (
      await exchange({ path: `${path}/revisions?pageSize=2${token === undefined ? '' : `&pageToken=${token}`}` })
    ).json<Revisions>();
    assert.ok(page.items.length <= 2);
    paged.push(...page.items);
    token = page.nextPageToken;
    if (token === undefined) break;
  }
  assert.deepEqual(paged, items);
  const token = (await exchange({ path: `${path}/revisions?pageSize=2` })).json<Revisions>().nextPageToken ?? '';
  await installation.client().call('createTenant', { body: tenantManifest('other') });
  for (const wrong of [`/v1/tenants/other/revisions?pageToken=${token}`, `/v1/tenants?pageToken=${token}`])
    assert.equal((await exchange({ path: wrong })).problem().code, 'page_token_invalid');
});

const diff = async (query: string): Promise<TenantDifference> =>
  (await exchange({ path: `${path}:diff${query}` })).json<TenantDifference>();

test('a difference names both generations and what each has, in the order of pointers', async () => {
  const point = (generation: number) => ({ generation, time: times[generation - 1] });
  assert.deepEqual(await diff('?from=2&to=3'), {
    name: 'acme',
    from: point(2),
    to: point(3),
    changes: [
      { pointer: '/metadata/annotations/a~1b', after: 'note' },
      { pointer: '/metadata/labels/constructor', before: 'yes' },
      { pointer: '/metadata/labels/env', before: 'dev', after: 'prod' },
    ],
  });
  assert.deepEqual(
    (await diff('?from=3&to=2')).changes.map(({ pointer, before: left, after: right }) => [pointer, left, right]),
    [
      ['/metadata/annotations/a~1b', 'note', undefined],
      ['/metadata/labels/constructor', undefined, 'yes'],
      ['/metadata/labels/env', 'prod', 'dev'],
    ],
  );
  assert.deepEqual(await diff(''), await diff('?from=4&to=5'), 'alone, it says what the last change changed');
  assert.deepEqual(await diff('?from=2'), await diff('?from=2&to=5'));
  assert.deepEqual(await diff(`?from=${times[1]}&to=${times[2]}`), await diff('?from=2&to=3'));
  assert.deepEqual((await diff('?to=1')).changes, []);
  assert.deepEqual((await diff('?from=4&to=4')).changes, []);
});

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

test('a rollback declares labels, annotations and spec again as a new generation, and leaves lifecycle and placement', async () => {
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

  const state = await readControlState(installation);
  const again = await rollback(3, undefined, name);
  assert.deepEqual(
    [again.status, again.json<{ tenant: Tenant }>().tenant],
    [200, restored],
    'to what stands: unchanged',
  );
  assert.deepEqual(await readControlState(installation), state);
});

test('a rollback of an Active tenant is made at once where only labels differ, and by an operation where its home does', async () => {
  const made = await rollback(5);
  assert.equal(made.status, 200, made.text);
  assert.equal((await tenant()).metadata.generation, 5);
  const labelled = await exchange({
    method: 'PUT',
    path,
    body: { ...declarations[4], metadata: { name: 'acme', labels: { env: 'test' } } },
    headers: { 'if-match': '*' },
  });
  assert.equal(labelled.json<{ tenant: Tenant }>().tenant.metadata.generation, 6, 'labels alone are a generation too');
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
  const restored = await tenant();
  assert.deepEqual(
    [restored.metadata.generation, restored.metadata.annotations, restored.status.lifecycle],
    [8, { 'a/b': 'note' }, 'Active'],
  );
  const [orders, carts, events] = restored.spec.services[0]?.collections ?? [];
  assert.deepEqual(
    [orders, events],
    tenantManifest('acme').spec.services[0]?.collections.map((collection) => collectionSpecSchema.parse(collection)),
  );
  assert.equal(carts?.name, 'carts', 'a collection that was added since holds data, and stays');
});

test('what cannot be changed where the tenant is now is refused to a rollback as to a declaration', async () => {
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

test('a rollback keeps to the preconditions, the key and the forms of every change', async () => {
  const { revision } = (await tenant()).metadata;
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

test('a generation that undid a failed operation names that operation, and one whose author was erased names nobody', async () => {
  const name = 'broken';
  const { body } = await installation
    .client()
    .call('createTenant', {
      body: tenantManifest(name, {
        lifecycle: 'Active',
        services: [{ name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }] }],
      }),
    });
  const operation = body.operation?.id;
  await until(
    'it has failed',
    async () => (await exchange({ path: `/v1/operations/${operation}` })).json<{ done: boolean }>().done,
  );
  const db = installation.control.db(installation.databases.control);
  const first = await db.collection<RevisionDocument>('revisions').findOne({ name, '_id.generation': 1 });
  await db
    .collection<LedgerDocument>('ledger')
    .updateOne({ _id: first?.ledgerEntry ?? '' }, { $set: { openings: [] } });
  const { items } = (await exchange({ path: `/v1/tenants/${name}/revisions` })).json<Revisions>();
  assert.deepEqual(
    items.map(({ generation, action, operation: of, actor, changed }) => [generation, action, of, actor, changed]),
    [
      [2, 'tenant.activate', operation, 'alice@example.com', ['/spec/lifecycle']],
      [1, 'tenant.create', operation, undefined, []],
    ],
  );
});

/** The collections of the control data in which this text stands. */
async function keptIn(text: string): Promise<string[]> {
  const db = installation.control.db(installation.databases.control);
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const keeps = async (name: string): Promise<boolean> => {
    for await (const document of db.collection(name).find())
      if (Buffer.from(BSON.serialize(document)).includes(text)) return true;
    return false;
  };
  const kept: string[] = [];
  for (const name of names) if (await keeps(name)) kept.push(name);
  return kept.toSorted();
}

test('of whom the ledger no longer opens nothing is kept once what they began has ended, but for what ends within a day', async () => {
  const person = 'someone@example.com';
  const api = installation.client({ subject: person });
  const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 100 } };
  for (const name of ['later', 'sooner'])
    await api.call('putPlan', {
      params: { name },
      ifNoneMatch: '*',
      body: { apiVersion, kind: 'Plan', metadata: { name }, spec },
    });
  const putTemplate = async (config: { readonly a: number }) =>
    api.call('putTemplate', {
      params: { name: 'shared' },
      ...(config.a === 1 ? { ifNoneMatch: '*' as const } : { ifMatch: '*' as const }),
      body: { apiVersion, kind: 'TenantTemplate', metadata: { name: 'shared' }, spec: { config } },
    });
  await putTemplate({ a: 1 });
  const params = { name: 'persons' };
  await activeTenant(api, params.name, { template: { name: 'shared' } });
  // The operation keeps the scheduled plan that gives way to it, with who scheduled it; then another one is taken back.
  const time = new Date(Date.now() + 3_600_000).toISOString();
  await api.call('changePlanOfTenant', { params, body: { plan: 'later', time }, ...always() });
  const { body } = await api.call('changePlanOfTenant', { params, body: { plan: 'sooner' }, ...always() });
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  await api.call('changePlanOfTenant', { params, body: { plan: 'later', time }, ...always() });
  assert.ok((await keptIn(person)).includes('resources'), 'what is to be done on their behalf names them');
  await api.call('cancelPlanChangeOfTenant', { params, ...always() });
  await putTemplate({ a: 2 });
  const { body: rollout } = await api.call('startRollout', { params: { name: 'shared' }, body: {}, ...always() });
  await until(
    'the roll-out has ended',
    async () => (await api.call('getRollout', { params: { id: rollout.id } })).body.state === 'succeeded',
  );
  await api.call('openTenant', { params, body: {} });

  assert.deepEqual(await keptIn(person), ['idempotency', 'leases', 'ledger']);
  const { items } = (await exchange({ path: '/v1/tenants/persons/revisions' })).json<Revisions>();
  assert.ok(items.length > 2 && items.every(({ actor }) => actor === person), 'the history reads the openings');
  const opened = { 'openings.value': person };
  await installation.control
    .db(installation.databases.control)
    .collection<LedgerDocument>('ledger')
    .updateMany(opened, { $pull: { openings: { value: person } } });
  assert.deepEqual(await keptIn(person), ['idempotency', 'leases']);
});
