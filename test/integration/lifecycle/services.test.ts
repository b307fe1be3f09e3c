import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { Operation } from '../../../contracts/operation.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { activeTenant, ended, take } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';

const stack = attachToStack();
let installation: SharedInstallation;
let api: ApiClient;
let cell: MongoClient;
before(async () => {
  installation = await borrowInstallation(stack);
  api = installation.client();
  await declareBasics(api);
  cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
});
after(async () => {
  await cell.close();
  await installation.stop();
});

type Collections = TenantInput['spec']['services'][number]['collections'];
const placement = { preferredRegion: 'eu-west-1' };
const services = (...collections: Collections) => [{ name: 'shop', collections }];
const index = (field: string) => ({ keys: [{ field }] });

async function declare(name: string, ...collections: Collections): Promise<Operation> {
  const { body } = await api.call('putTenant', {
    params: { name },
    ifMatch: '*',
    body: tenantManifest(name, { placement, lifecycle: 'Active', services: services(...collections) }),
  });
  return ended(api, body.operation?.id ?? '');
}

/** What is on the cell: each collection with its indexes and whether it has a validator. */
async function standing(name: string): Promise<Record<string, string[]>> {
  const { placement: placed } = (await api.call('getTenant', { params: { name } })).body.status;
  const db = cell.db(placed?.database);
  const found: Record<string, string[]> = {};
  for (const { name: collection, options } of await db
    .listCollections<{ name: string; options: { validator?: unknown } }>({}, { nameOnly: false })
    .toArray()) {
    const indexes = (await db.collection(collection).indexes())
      .map(({ name: named }) => named ?? '')
      .filter((named) => named !== '_id_');
    found[collection] = [...(options.validator === undefined ? [] : ['validator']), ...indexes.toSorted()];
  }
  return found;
}

const held = async (name: string) => (await installation.store.resources.find('Tenant', name))?.tables;
const valid = { bsonType: 'object' };

test('changed services reach the cell: new parts are created, old indexes dropped, the budget adjusted', async () => {
  await activeTenant(api, 'grown', {
    placement,
    services: services({ name: 'orders', indexes: [index('sku'), index('old')] }),
  });
  assert.equal(await held('grown'), 4);
  assert.equal(
    (
      await declare(
        'grown',
        { name: 'orders', jsonSchema: valid, indexes: [index('sku'), index('new')] },
        { name: 'carts', indexes: [index('at')] },
      )
    ).state,
    'succeeded',
  );
  assert.deepEqual(await standing('grown'), { orders: ['validator', 'new_1', 'sku_1'], carts: ['at_1'] });
  assert.equal(await held('grown'), 7);
});

test('a change that mongod refuses is undone: the cell, the declaration and the budget are as before', async () => {
  await activeTenant(api, 'refused', { placement, services: services({ name: 'orders', indexes: [index('sku')] }) });
  const operation = await declare(
    'refused',
    { name: 'orders', indexes: [index('other')] },
    { name: 'carts', jsonSchema: { patternProperties: { '(': {} } }, indexes: [] },
  );
  assert.deepEqual([operation.state, operation.error?.code], ['failed', 'schema_rejected']);
  assert.deepEqual(await standing('refused'), { orders: ['sku_1'] });
  assert.equal(await held('refused'), 3);
  const { spec } = (await api.call('getTenant', { params: { name: 'refused' } })).body;
  assert.deepEqual(
    spec.services[0]?.collections.map(({ name }) => name),
    ['orders'],
  );
});

test('a reconciliation that the tenant’s documents prevent is undone as far as possible; no lock is left', async () => {
  await activeTenant(api, 'doubled', {
    placement,
    services: services({ name: 'orders', indexes: [{ ...index('sku'), unique: true }, index('other')] }),
  });
  const orders = cell
    .db((await api.call('getTenant', { params: { name: 'doubled' } })).body.status.placement?.database)
    .collection('orders');
  await orders.dropIndexes();
  await orders.insertMany([{ sku: 'alice@example.com' }, { sku: 'alice@example.com' }]);
  const operation = await take(api, 'reconcileTenant', 'doubled');
  assert.deepEqual([operation.state, operation.error?.code], ['failed', 'schema_rejected']);
  assert.ok(!JSON.stringify(operation).includes('alice'), operation.error?.message);
  const { status } = (await api.call('getTenant', { params: { name: 'doubled' } })).body;
  assert.deepEqual([status.lifecycle, status.operation], ['Active', undefined]);
  const { steps } = (await installation.store.operations.find(operation.id))!;
  assert.ok(
    Object.values(steps).some(
      ({ state, result }) => state === 'undone' && /left out index orders\/sku_1/.test(result ?? ''),
    ),
    JSON.stringify(steps),
  );
  assert.deepEqual(await standing('doubled'), { orders: ['other_1'] });
});

test('a change that exceeds the cell’s budget fails at its step, with an error that there is no room', async () => {
  await activeTenant(api, 'crowded', { placement, services: services({ name: 'orders' }) });
  const { body: region } = await api.call('getRegion', { params: { name: 'eu-west-1' } });
  const cells = region.spec.cells.map((one) => ({ ...one, tableBudget: 13 }));
  await api.call('putRegion', {
    params: { name: 'eu-west-1' },
    ifMatch: '*',
    body: { apiVersion, kind: 'Region', metadata: { name: 'eu-west-1' }, spec: { ...region.spec, cells } },
  });
  const operation = await declare('crowded', { name: 'orders', indexes: [index('a'), index('b')] });
  assert.deepEqual([operation.state, operation.error?.code], ['failed', 'placement_impossible']);
  assert.match(operation.error?.message ?? '', /no room/);
  assert.equal(await held('crowded'), 2);
  await api.call('putRegion', {
    params: { name: 'eu-west-1' },
    ifMatch: '*',
    body: { apiVersion, kind: 'Region', metadata: { name: 'eu-west-1' }, spec: region.spec },
  });
});

test('a dry run warns of invalid documents, refused options and unwritable schemas, and changes nothing', async () => {
  await activeTenant(api, 'tightened', {
    placement,
    services: services({ name: 'orders', indexes: [index('sku')] }, { name: 'carts', indexes: [] }),
  });
  const { status } = (await api.call('getTenant', { params: { name: 'tightened' } })).body;
  const database = cell.db(status.placement?.database);
  await database.collection('orders').insertMany([{ sku: 'a' }, { sku: 'b' }, { name: 'c' }]);
  const databases = async () =>
    (await cell.db('tenure_cell').listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).toSorted();
  const before = await databases();
  const rehearse = async (...collections: Parameters<typeof services>) => {
    const spec = { plan: 'startup', lifecycle: 'Active' as const, placement, services: services(...collections) };
    const { body } = await api.call('putTenant', {
      params: { name: 'tightened' },
      query: { dryRun: 'true' },
      ifMatch: '*',
      body: { apiVersion: 'tenure/v1', kind: 'Tenant', metadata: { name: 'tightened' }, spec },
    });
    return (body.warnings ?? []).map(({ pointer, message }) => [
      pointer?.replace('/spec/services/0/collections/', ''),
      /\d+ documents? do(?:es)? not match(?:, and could not|; with validationLevel moderate)|mongod refuses|_id/.exec(
        message,
      )?.[0],
    ]);
  };
  const orders = { name: 'orders', indexes: [index('sku')] };
  const carts = { name: 'carts', indexes: [] };
  const required = { required: ['sku'] };
  assert.deepEqual(await rehearse(orders, carts), []);
  assert.deepEqual(await rehearse({ ...orders, jsonSchema: required }, carts), [
    ['0/jsonSchema', '1 document does not match, and could not'],
  ]);
  assert.deepEqual(
    await rehearse({ ...orders, jsonSchema: { required: ['name'] }, validationLevel: 'moderate' }, carts),
    [['0/jsonSchema', '2 documents do not match; with validationLevel moderate']],
  );
  assert.deepEqual(await rehearse({ ...orders, jsonSchema: required, validationAction: 'warn' }, carts), []);
  assert.deepEqual(
    await rehearse(
      { ...orders, indexes: [index('sku'), { keys: [{ field: 'x' }], collation: { locale: 'xx' } }] },
      { ...carts, jsonSchema: { patternProperties: { '(': {} } } },
    ),
    [
      ['0/indexes/1', 'mongod refuses'],
      ['1/jsonSchema', 'mongod refuses'],
    ],
  );
  assert.deepEqual(
    await rehearse(orders, { ...carts, jsonSchema: { properties: { a: {} }, additionalProperties: false } }),
    [['1/jsonSchema/additionalProperties', '_id']],
  );
  assert.deepEqual(await databases(), before);
  assert.equal(
    (await database.listCollections({ name: 'orders' }, { nameOnly: false }).toArray())[0]?.options?.validator,
    undefined,
  );
});
