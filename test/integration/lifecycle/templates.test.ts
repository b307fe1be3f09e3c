import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import proto from '@temporalio/proto';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { Rollout } from '../../../contracts/rollout.ts';
import type { RouteBodyInput } from '../../../contracts/routes.ts';
import { readKeyring } from '../../../platform/config-files.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { armFailpoint } from '../../harness/armed-failpoint.ts';
import { entriesOf, readEntries } from '../../harness/control-data.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { ended, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

type TenantBody = RouteBodyInput<'putTenant'>;
type TemplateSpec = RouteBodyInput<'putTemplate'>['spec'];

const stack = attachToStack();
const temporal = createTemporalClient({
  ...stack.temporal,
  keyring: readKeyring('codec', stack.files.codecKeyring),
});
let installation: Installation;
let api: ApiClient;
let cell: MongoClient;
before(async () => {
  installation = await startInstallation(stack);
  api = installation.client();
  await declareBasics(api);
  cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
});
after(async () => {
  await temporal.close();
  await cell.close();
  await installation.stop();
});

const orders = { name: 'orders', indexes: [{ keys: [{ field: 'sku' }] }] };
const shop = (...collections: { name: string }[]) => [{ name: 'shop', collections: [orders, ...collections] }];

async function putTemplate(name: string, spec: TemplateSpec): Promise<number> {
  const { body } = await api
    .call('putTemplate', {
      params: { name },
      ifMatch: '*',
      body: { apiVersion, kind: 'TenantTemplate', metadata: { name }, spec },
    })
    .catch(() =>
      api.call('putTemplate', {
        params: { name },
        ifNoneMatch: '*',
        body: { apiVersion, kind: 'TenantTemplate', metadata: { name }, spec },
      }),
    );
  return body.metadata.generation;
}

function manifest(name: string, spec: Partial<TenantBody['spec']>, labels: Record<string, string> = {}): TenantBody {
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: { name, labels },
    spec: { plan: 'startup', placement: { preferredRegion: 'eu-west-1' }, ...spec },
  };
}

async function put(name: string, spec: Partial<TenantBody['spec']>, labels?: Record<string, string>) {
  const { body } = await api.call('putTenant', { params: { name }, ifMatch: '*', body: manifest(name, spec, labels) });
  if (body.operation !== undefined) assert.equal((await ended(api, body.operation.id)).state, 'succeeded');
  return body;
}

async function active(name: string, spec: Partial<TenantBody['spec']>, labels?: Record<string, string>): Promise<void> {
  await api.call('createTenant', { body: manifest(name, spec, labels), idempotencyKey: randomUUID() });
  await takeAll(api, name, ['activateTenant']);
}

const read = async (name: string) => (await api.call('getTenant', { params: { name } })).body;
const versionOf = async (name: string) => (await read(name)).spec.template?.version;
const configOf = async (name: string) =>
  Object.fromEntries(
    (await api.call('configOfTenant', { params: { name } })).body.values.map(({ key, value, origin }) => [
      key,
      `${JSON.stringify(value)} ${origin}`,
    ]),
  );

/** The configuration that is stored with the tenant's user on its cell, where the tenant can read it. */
async function held(name: string): Promise<unknown> {
  const { placement } = (await read(name)).status;
  const database = placement?.database ?? '';
  const { users } = await cell.db(database).command({ usersInfo: 1 });
  return (users as { customData: { config: unknown } }[])[0]?.customData.config;
}

async function rolledOut(id: string, ...states: Rollout['state'][]): Promise<Rollout> {
  return until(`the roll-out is ${states.join(' or ')}`, async () => {
    const { body } = await api.call('getRollout', { params: { id } });
    return states.includes(body.state) && body.counts.changing === 0 ? body : undefined;
  });
}

const rollOut = async (name: string, body: RouteBodyInput<'startRollout'> = {}) =>
  (await api.call('startRollout', { params: { name }, body, idempotencyKey: randomUUID() })).body;

test('a tenant has its template’s services and configuration, overridden by its own, also on the cell', async () => {
  await putTemplate('enterprise', { config: { model: 'large', qps: 100 }, services: shop() });
  await active('big', { template: { name: 'enterprise' }, config: { qps: 500 } });
  const { spec } = await read('big');
  assert.deepEqual(
    [spec.template, spec.services.map(({ name }) => name)],
    [{ name: 'enterprise', version: 1 }, ['shop']],
  );
  assert.deepEqual(await configOf('big'), { model: '"large" template', qps: '500 tenant' });
  assert.deepEqual(await held('big'), { model: 'large', qps: 500 });
});

test('an operation brings a changed value to the cell, and a rollback reverts it', async () => {
  await active('tuned', { services: shop(), config: { qps: 1 } });
  const { generation } = (await read('tuned')).metadata;
  await put('tuned', { services: shop(), config: { qps: 2 } });
  assert.deepEqual(await held('tuned'), { qps: 2 });
  const { body } = await api.call('rollbackTenant', {
    params: { name: 'tuned' },
    body: { generation },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  assert.deepEqual(await held('tuned'), { qps: 1 });
  assert.deepEqual(await configOf('tuned'), { qps: '1 tenant' });
});

test('a new version changes no tenant before its roll-out; the preview lists tenants and changes', async () => {
  await putTemplate('growing', { config: { model: 'small' }, services: shop() });
  await active('one', { template: { name: 'growing' } });
  await active('own', { template: { name: 'growing' }, config: { model: 'mine' }, services: shop({ name: 'extra' }) });
  assert.equal(await putTemplate('growing', { config: { model: 'medium' }, services: shop({ name: 'carts' }) }), 2);
  assert.deepEqual([await versionOf('one'), await held('one')], [1, { model: 'small' }]);
  await put('one', { template: { name: 'growing' } });
  assert.equal(await versionOf('one'), 1, 'a manifest that names no version keeps the version');

  const { items } = (await api.call('previewRollout', { params: { name: 'growing' }, query: {} })).body;
  assert.deepEqual(
    items.map(({ tenant, changes }) => [tenant.name, changes.map(({ pointer }) => pointer)]),
    [
      ['one', ['/config/model', '/services/0/collections/1']],
      ['own', ['/services/0/collections/2']],
    ],
  );

  const rollout = await rolledOut((await rollOut('growing')).id, 'succeeded');
  assert.deepEqual(
    [rollout.counts, rollout.version, rollout.tenants],
    [{ changing: 0, changed: 2, failed: 0, skipped: 0 }, 2, 2],
  );
  assert.deepEqual([await versionOf('one'), await held('one')], [2, { model: 'medium' }]);
  assert.deepEqual(
    (await read('one')).spec.services[0]?.collections.map(({ name }) => name),
    ['orders', 'carts'],
  );
  assert.deepEqual(
    [await versionOf('own'), await held('own')],
    [2, { model: 'mine' }],
    'the tenant keeps its own value, which differs from the template',
  );
  assert.deepEqual((await api.call('previewRollout', { params: { name: 'growing' }, query: {} })).body.items, []);
  const types = (await readEntries(installation)).flatMap(({ event }) => (event === undefined ? [] : [event.type]));
  assert.ok(types.includes('template.rollout_started.v1') && types.includes('template.rollout_succeeded.v1'));
  await assert.rejects(
    put('one', { template: { name: 'growing', version: 1 } }),
    /roll_out/,
    'a manifest does not reverse a roll-out unless it is forced',
  );

  const { generation } = (await read('one')).metadata;
  const { body } = await api.call('rollbackTenant', {
    params: { name: 'one' },
    body: { generation: generation - 1 },
    ifMatch: '*',
    idempotencyKey: randomUUID(),
  });
  assert.equal((await ended(api, body.operation?.id ?? '')).state, 'succeeded');
  assert.deepEqual([await versionOf('one'), await held('one')], [1, { model: 'small' }]);
  assert.deepEqual(
    (await read('one')).spec.services[0]?.collections.map(({ name }) => name),
    ['orders', 'carts'],
    'a collection that holds data stays',
  );
});

test('a roll-out pauses at the first tenant that cannot be changed, and resumes with it or without it', async () => {
  await putTemplate('risky', { config: { a: 1 }, services: shop() });
  const names = ['risk-a', 'risk-b', 'risk-c', 'risk-d'];
  for (const name of names) await active(name, { template: { name: 'risky' } });
  await takeAll(api, 'risk-d', ['suspendTenant']);
  await putTemplate('risky', { config: { a: 2 }, services: shop({ name: 'carts' }) });
  // A view that Tenure did not create has the name of the new collection of the second tenant.
  const { placement } = (await read('risk-b')).status;
  await cell.db(placement?.database).createCollection('carts', { viewOn: 'orders', pipeline: [] });

  const { id } = await rollOut('risky', { waves: [1, 2, '100%'] });
  const paused = await rolledOut(id, 'paused');
  assert.deepEqual(
    [paused.wave, paused.counts, paused.failures.map(({ tenant }) => tenant)],
    [2, { changing: 0, changed: 1, failed: 1, skipped: 0 }, ['risk-b']],
  );
  assert.match(paused.reason ?? '', /1 tenant could not be changed/);
  assert.deepEqual(await Promise.all(names.map(versionOf)), [2, 1, 1, 1], 'the other tenants are unchanged');
  await assert.rejects(rollOut('risky'), /has not ended/);

  const rehearsed = (
    await api.call('resumeRollout', { params: { id }, query: { dryRun: 'true' }, body: { skipFailed: true } })
  ).body;
  assert.deepEqual(
    [rehearsed.state, rehearsed.counts, rehearsed.failures],
    ['running', { changing: 0, changed: 1, failed: 0, skipped: 1 }, []],
    'a dry run shows the result of the resume',
  );
  assert.deepEqual((await api.call('getRollout', { params: { id } })).body.counts, paused.counts);

  await cell.db(placement?.database).dropCollection('carts');
  await api.call('resumeRollout', { params: { id }, body: {} });
  const done = await rolledOut(id, 'succeeded');
  assert.deepEqual(done.counts, { changing: 0, changed: 4, failed: 0, skipped: 0 });
  assert.deepEqual(await Promise.all(names.map(versionOf)), [2, 2, 2, 2]);
  assert.deepEqual(await held('risk-d'), { a: 2 }, 'a Suspended tenant’s user has it too');
  assert.equal((await read('risk-d')).status.lifecycle, 'Suspended');
});

test('after a pause is answered, no turn starts another tenant, even if it was running; a resume does', async () => {
  await putTemplate('halted', { config: { a: 1 }, services: shop() });
  const names = ['halt-a', 'halt-b', 'halt-c', 'halt-d'];
  for (const name of names) await active(name, { template: { name: 'halted' } });
  await putTemplate('halted', { config: { a: 2 }, services: shop() });
  // The turn has added all tenants, has started the first, and is about to start the second.
  const held = armFailpoint(installation, 'accept.before-commit@halt-b', 'pause');
  const { id } = await rollOut('halted', { waves: ['100%'] });
  await held.hit();
  const pauses = await Promise.all(Array.from({ length: 6 }, () => api.call('pauseRollout', { params: { id } })));
  assert.ok(
    pauses.every(({ body }) => body.state === 'paused'),
    'several callers may pause it at once',
  );
  const said = await entriesOf(installation, async () =>
    assert.equal((await api.call('pauseRollout', { params: { id } })).body.state, 'paused', 'a pause may be repeated'),
  );
  assert.deepEqual(
    said.filter(({ action }) => action === 'template.roll_out'),
    [],
  );
  held.release();
  const paused = await rolledOut(id, 'paused');
  assert.deepEqual(
    [paused.counts, await Promise.all(names.map(versionOf))],
    [{ changing: 0, changed: 1, failed: 0, skipped: 0 }, [2, 1, 1, 1]],
  );
  await until(
    'the roll-out has no work left',
    async () => (await installation.store.rollouts.find(id))?.unsettled === undefined,
  );
  await api.call('resumeRollout', { params: { id }, body: {} });
  assert.deepEqual((await rolledOut(id, 'succeeded')).counts, { changing: 0, changed: 4, failed: 0, skipped: 0 });
  assert.deepEqual(await Promise.all(names.map(versionOf)), [2, 2, 2, 2]);
});

test('a roll-out changes only selected tenants, waits for a worker, and cannot be cancelled at its end', async () => {
  await putTemplate('chosen', { config: { a: 1 }, services: shop() });
  for (const [name, ring] of [
    ['ring-0', '0'],
    ['ring-1', '1'],
  ] as const)
    await active(name, { template: { name: 'chosen' } }, { ring });
  await putTemplate('chosen', { config: { a: 2 }, services: shop() });
  const first = await rolledOut((await rollOut('chosen', { labelSelector: 'ring=0' })).id, 'succeeded');
  assert.deepEqual([first.tenants, await versionOf('ring-0'), await versionOf('ring-1')], [1, 2, 1]);
  // The roll-out is committed while no worker runs.
  await installation.worker.kill('SIGKILL');
  const { id, workflowId } = await rollOut('chosen');
  assert.equal(workflowId, `rollout/${id}`);
  installation.worker.start();
  assert.equal((await rolledOut(id, 'succeeded')).counts.changed, 1);
  await assert.rejects(api.call('cancelRollout', { params: { id } }), /is succeeded/);
  const { items } = (await api.call('listRollouts', { params: { name: 'chosen' }, query: {} })).body;
  assert.deepEqual(
    items.map((rollout) => rollout.state),
    ['succeeded', 'succeeded'],
  );
});

test('when a worker dies in the middle of a roll-out, the next one continues after the heartbeat time-out', async () => {
  const names = ['dead-a', 'dead-b'];
  await putTemplate('dead', { config: { a: 1 }, services: shop() });
  for (const name of names) await active(name, { template: { name: 'dead' } });
  await putTemplate('dead', { config: { a: 2 }, services: shop() });
  armFailpoint(installation, 'accept.before-commit@dead-b', 'kill');
  const { id, workflowId } = await rollOut('dead', { waves: ['100%'] });
  await installation.worker.ended();
  installation.worker.start();
  assert.equal((await rolledOut(id, 'succeeded')).counts.changed, 2);
  const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  const timeouts = (events ?? []).flatMap(
    ({ activityTaskStartedEventAttributes: started }) => started?.lastFailure?.timeoutFailureInfo?.timeoutType ?? [],
  );
  assert.deepEqual(timeouts, [proto.temporal.api.enums.v1.TimeoutType.TIMEOUT_TYPE_HEARTBEAT]);
});

test('a tenant that asks for a missing template, version or services is refused, and nothing is written', async () => {
  await putTemplate('bare', { config: {} });
  const refused = async (spec: Partial<TenantBody['spec']>) => {
    const error = await api.call('createTenant', { body: manifest('nobody', spec), idempotencyKey: randomUUID() }).then(
      () => undefined,
      (caught: { problem: { code: string; errors?: { pointer?: string }[] } }) => caught.problem,
    );
    return [error?.code, error?.errors?.[0]?.pointer];
  };
  assert.deepEqual(await refused({ template: { name: 'nowhere' } }), ['template_not_available', '/spec/template/name']);
  assert.deepEqual(await refused({ template: { name: 'bare', version: 9 } }), [
    'template_not_available',
    '/spec/template/version',
  ]);
  assert.deepEqual(await refused({ template: { name: 'bare' } }), ['template_not_available', '/spec/services']);
  assert.deepEqual(await refused({}), ['request_invalid', '/spec/services']);
  await assert.rejects(read('nobody'), /does not exist/);
});

test('any JSON is returned byte for byte, and declaring it again changes nothing', async () => {
  const config = {
    link: { $ref: 'a.b', $id: 'z' },
    odd: { '': 1, 'a.b': [{ $ref: 'c', $id: null, $db: 'd' }], $set: { $numberLong: '7', $date: 'x' }, '1': 2.5 },
    most: 2 ** 53 - 1,
    small: -1e-300,
    none: null,
  };
  const version = await putTemplate('any-json', { config, services: shop() });
  const read = await api.call('getTemplate', { params: { name: 'any-json' } });
  assert.equal(JSON.stringify(read.body.spec.config), JSON.stringify(config));
  assert.equal(await putTemplate('any-json', { config, services: shop() }), version);

  const spec = { template: { name: 'any-json' }, config: { own: config }, lifecycle: 'Active' as const };
  await active('any-json', { template: { name: 'any-json' }, config: { own: config } });
  const again = await put('any-json', spec);
  assert.deepEqual(
    [JSON.stringify(again.tenant.spec.config), again.operation, again.tenant.metadata.generation],
    [JSON.stringify(spec.config), undefined, 2],
  );
  const { body: report } = await api.call('configOfTenant', { params: { name: 'any-json' } });
  assert.equal(
    JSON.stringify(Object.fromEntries(report.values.map(({ key, value }) => [key, value]))['link']),
    JSON.stringify(config.link),
  );
});
