import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BSON } from 'mongodb';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import type { TenantDifference, TenantRevision } from '../../../contracts/tenant-revision.ts';
import type { LedgerDocument, RevisionDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { activeTenant, always, ended } from '../../harness/lifecycle.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import { declarations, declareHistory, path, readTenant } from './history-tenant.ts';

let installation: SharedInstallation;
let exchange: Exchange;
let times: readonly string[];

before(async () => {
  installation = await borrowInstallation(attachToStack());
  exchange = createExchange(installation);
  times = await declareHistory(installation, exchange);
});
after(() => installation.stop());

const at = async (point: string): Promise<TenantRevision> =>
  (await exchange({ path: `${path}?at=${encodeURIComponent(point)}` })).json<TenantRevision>();

test('each generation of a tenant can be read by its number and by any time while it was current', async () => {
  const { uid } = (await readTenant(exchange)).metadata;
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

test('a generation or time outside the history is not found, and the answer says which generations exist', async () => {
  const missing: readonly (readonly [string, RegExp])[] = [
    ['6', /has no generation 6: generations 1 to 5 exist, the first since /],
    ['999999999', /generations 1 to 5 exist/],
    [
      new Date(Date.parse(times[0] ?? '') - 1).toISOString(),
      new RegExp(`did not exist yet at .*: generations 1 to 5 exist, the first since ${times[0]}`),
    ],
    ['0001-01-01T00:00:00Z', /did not exist yet/],
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
  test(`not a point in time: "${point}"`, async () => {
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

test('the history lists the time, actor, action and changes of each generation, newest first and in pages', async () => {
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

test('a difference names both generations and the values of each, in the order of pointers', async () => {
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
  assert.deepEqual(await diff(''), await diff('?from=4&to=5'), 'without parameters, it is the last change');
  assert.deepEqual(await diff('?from=2'), await diff('?from=2&to=5'));
  assert.deepEqual(await diff(`?from=${times[1]}&to=${times[2]}`), await diff('?from=2&to=3'));
  assert.deepEqual((await diff('?to=1')).changes, []);
  assert.deepEqual((await diff('?from=4&to=4')).changes, []);
});

test('a generation that undoes a failed operation names the operation, and one whose author was erased has no actor', async () => {
  const name = 'broken';
  const { body } = await installation.client().call('createTenant', {
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

/** The collections of the control data that contain this text. */
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

test('once the openings of a person are removed from the ledger and their work has ended, only records that expire within a day name them', async () => {
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
  // The operation keeps the scheduled plan that it replaces, with its actor; then another scheduled plan is cancelled.
  const time = new Date(Date.now() + 3_600_000).toISOString();
  await api.call('changePlanOfTenant', { params, body: { plan: 'later', time }, ...always() });
  const { body } = await api.call('changePlanOfTenant', { params, body: { plan: 'sooner' }, ...always() });
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  await api.call('changePlanOfTenant', { params, body: { plan: 'later', time }, ...always() });
  assert.ok((await keptIn(person)).includes('resources'), 'scheduled work names its actor');
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
