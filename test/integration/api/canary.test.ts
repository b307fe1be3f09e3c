import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { JSONToPayload, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { JSONPayload } from '@temporalio/common/lib/proto-utils.js';
import { MongoClient } from 'mongodb';
import { openTenant } from '../../../client/open-tenant.ts';
import { operationWorkflowId } from '../../../domain/search-attributes.ts';
import { readKeyring } from '../../../platform/config.ts';
import { createEncryptionCodec } from '../../../platform/payload-codec/encryption-codec.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

const stack = attachToStack();
let installation: Installation;
before(async () => {
  installation = await startInstallation(stack, { settings: { TENURE_LOG_LEVEL: 'debug' } });
  await declareBasics(installation.client());
});
after(() => installation.stop());

/** Everything that an error says of itself. */
async function told(failing: Promise<unknown>): Promise<string> {
  return failing.then(
    () => assert.fail('this was to fail'),
    (error: unknown) => `${inspect(error, { depth: 10 })} ${JSON.stringify(error)}`,
  );
}

/** Every payload anywhere in a history. */
function payloadsIn(value: unknown): JSONPayload[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'metadata' in value && 'data' in value ? [value as JSONPayload] : [];
  return [...own, ...Object.values(value).flatMap(payloadsIn)];
}

/** Every secret there is, by where it would be missed. */
async function secrets(password: string, token: string): Promise<Map<string, string>> {
  const cells = Object.values(JSON.parse(readFileSync(stack.files.cells, 'utf8')) as Record<string, { uri: string }>);
  return new Map([
    ['the tenant’s password', password],
    ['the caller’s token', token],
    ...cells.map(({ uri }, index) => [`the plane’s password on cell ${index}`, new URL(uri).password] as const),
    ['the plane’s password on the control database', new URL(stack.mongod.control.uri).password],
    ...[...readKeyring('keyring', stack.files.keyring).keys.values()].map((key) => ['the wrapping key', key.toString('base64')] as const),
    ...[...readKeyring('codec', stack.files.codecKeyring).keys.values()].map((key) => ['the codec’s key', key.toString('base64')] as const),
  ]);
}

test('no secret is in any log, answer, error, ledger entry, registry document, metric or workflow history', async () => {
  const api = installation.client();
  const token = await installation.token();
  const said: string[] = [];

  // A life with every kind of ending: success, failure of the user's making, failure of the system's, refusals.
  const put = (name: string, spec = {}) => api.call('putTenant', { params: { name }, ifNoneMatch: '*', body: tenantManifest(name, { lifecycle: 'Active', ...spec }) });
  const refused = [{ name: 'shop', collections: [{ name: 'orders', jsonSchema: { bsonType: 'no such type' } }] }];
  for (const name of ['healthy', 'refused']) {
    const { body } = await put(name, name === 'refused' ? { services: refused } : {});
    assert.ok('operation' in body && body.operation !== undefined);
    const ended = await api.call('waitOperation', { params: { id: body.operation.id }, query: { timeoutSeconds: 60 } });
    assert.equal(ended.body.state, name === 'refused' ? 'failed' : 'succeeded');
    said.push(JSON.stringify(ended.body), JSON.stringify((await api.call('getTenant', { params: { name } })).body));
  }
  said.push(await told(put('impossible', { plan: 'no-such-plan' })));
  const { body: access } = await api.call('openTenant', { params: { name: 'healthy' }, body: {} });
  const opened = await openTenant(api, 'healthy');
  said.push(await told(opened.db.collection('nowhere').insertOne({})));
  await opened.close();
  const wrong = new MongoClient(access.endpoint, { auth: { username: access.credential.username, password: 'not the password' }, authSource: access.database, serverSelectionTimeoutMS: 3_000 });
  said.push(await told(wrong.connect()));
  await wrong.close();

  said.push(installation.api.output(), installation.worker.output());
  for (const variable of ['TENURE_API_OPS_PORT', 'TENURE_WORKER_OPS_PORT']) {
    said.push(await (await fetch(`http://127.0.0.1:${installation.environment[variable]}/metrics`)).text());
  }
  const control = installation.control.db(installation.databases.control);
  for (const { name } of await control.listCollections({}, { nameOnly: true }).toArray()) {
    const documents = await control.collection(name).find().toArray();
    said.push(JSON.stringify(documents, (_key, value: unknown) => value));
    for (const document of documents) if (name === 'ledger') said.push(Buffer.from((document['bytes'] as { value(): Uint8Array }).value()).toString('utf8'));
  }
  const sealed = await installation.control.db(installation.databases.secrets).collection('secrets').find().toArray();
  assert.equal(sealed.length, 2);
  said.push(JSON.stringify(sealed));
  for (const document of sealed) for (const part of Object.values(document['sealed'] as Record<string, unknown>)) if (typeof part === 'object') said.push(Buffer.from((part as { value(): Uint8Array }).value()).toString('latin1'));
  const codec = createEncryptionCodec(readKeyring('codec', stack.files.codecKeyring));
  const temporal = createTemporalClient({ ...stack.temporal, keyring: readKeyring('codec', stack.files.codecKeyring) });
  for (const operation of await installation.store.operations.list({ limit: 10 })) {
    const handle = temporal.client.workflow.getHandle(operationWorkflowId(operation.tenant.uid, operation._id));
    const history = historyToJSON(await handle.fetchHistory());
    said.push(history);
    // What the codec opens must hold none either: encryption is for the tenants' privacy, not to hide secrets under.
    const opened = await codec.decode(payloadsIn(JSON.parse(history)).map(JSONToPayload));
    assert.ok(opened.length > 0);
    for (const { data } of opened) said.push(Buffer.from(data ?? []).toString('utf8'));
  }
  await temporal.close();

  const everything = said.join('\n');
  assert.ok(everything.includes('healthy') && everything.length > 50_000, 'there is something to search');
  for (const [name, secret] of await secrets(access.credential.password, token)) {
    assert.ok(secret.length > 8, name);
    for (const form of [secret, Buffer.from(secret, 'utf8').toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]) {
      assert.equal(everything.includes(form), false, `${name} was found`);
    }
  }
});

test('the subject of a caller is in no entry’s bytes, only its commitment', async () => {
  const entries = await installation.store.ledger.entries({});
  assert.ok(entries.length > 5);
  for (const { bytes, openings } of entries) {
    const text = Buffer.from(bytes.value()).toString('utf8');
    assert.ok(openings.length > 0);
    for (const { value } of openings) assert.equal(text.includes(value), false);
  }
});
