import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import type { WorkflowExecutionInfo } from '@temporalio/client';
import { JSONToPayload, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { JSONPayload } from '@temporalio/common/lib/proto-utils.js';
import { MongoClient } from 'mongodb';
import { openTenant } from '../../../client/open-tenant.ts';
import { operationWorkflowId } from '../../../platform/workflow-starters.ts';
import { createLocalKeyProvider } from '../../../engines/keys/key-provider.ts';
import { dataKeyContext } from '../../../engines/keys/tenant-secrets.ts';
import { readKeyring } from '../../../platform/config-files.ts';
import { createEncryptionCodec } from '../../../platform/payload-codec/encryption-codec.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import * as workflows from '../../../workflows/index.ts';
import { startInstallation } from '../../harness/installation.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import { declareTemplate, wholeLife, webhookLife } from './canary-life.ts';

const stack = attachToStack();
const directory = mkdtempSync(join(tmpdir(), 'tenure-random-'));
const randomFile = join(directory, 'drawn');
const recorder = new URL('../../harness/record-random.ts', import.meta.url).href;
const codecKeyring = readKeyring('codec', stack.files.codecKeyring);
const keyring = readKeyring('keyring', stack.files.keyring);
let installation: Installation;
let temporal: ReturnType<typeof createTemporalClient>;
before(async () => {
  installation = await startInstallation(stack, {
    settings: {
      TENURE_LOG_LEVEL: 'debug',
      NODE_OPTIONS: `--import=${recorder}`,
      TEST_RANDOM_FILE: randomFile,
    },
  });
  temporal = createTemporalClient({ ...stack.temporal, keyring: codecKeyring });
  await declareBasics(installation.client());
  await declareTemplate(installation.client(), 1);
});
after(async () => {
  await temporal.close();
  await installation.stop();
  rmSync(directory, { recursive: true });
});

/** The full text of an error. */
async function told(failing: Promise<unknown>): Promise<string> {
  return failing.then(
    () => assert.fail('the call did not fail'),
    (error: unknown) => `${inspect(error, { depth: 10 })} ${JSON.stringify(error)}`,
  );
}

/** Every payload anywhere in a history. */
function payloadsIn(value: unknown): JSONPayload[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'metadata' in value && 'data' in value ? [value as JSONPayload] : [];
  return [...own, ...Object.values(value).flatMap(payloadsIn)];
}

/** The forms in which a text may appear in another. */
const formsOf = (text: string): string[] => [
  text,
  Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, ''),
  encodeURIComponent(text),
];
/** The same for a key, or for a password before it is encoded as text. */
const formsOfKey = (key: Buffer): string[] => [
  key.toString('latin1'),
  key.toString('hex'),
  ...formsOf(key.toString('base64').replace(/=+$/, '')),
  ...formsOf(key.toString('base64url')),
];

const passwordBytes = { bystander: 24, tenant: 32 };

/** The random bytes that API and worker drew for keys and passwords. Only they contain the passwords of bystanders. */
function drawn(): Buffer[] {
  const all = readFileSync(randomFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => Buffer.from(line, 'base64'));
  return all.filter(({ length }) => length === passwordBytes.bystander || length === passwordBytes.tenant);
}

/** The name of every secret, with its forms. */
async function secrets(uid: string, password: string, token: string): Promise<[string, string[]][]> {
  const cells = Object.values(JSON.parse(readFileSync(stack.files.cells, 'utf8')) as Record<string, { uri: string }>);
  const sealed = await installation.store.secrets.find(uid, 'data-key');
  assert.ok(sealed !== undefined);
  const dataKey = await createLocalKeyProvider(keyring).unwrap(sealed, dataKeyContext(uid));
  const random = drawn();
  for (const known of [dataKey, Buffer.from(password, 'base64url')])
    assert.ok(
      random.some((one) => one.equals(known)),
      'the drawn random bytes are recorded',
    );
  assert.ok(
    random.some(({ length }) => length === passwordBytes.bystander),
    'a bystander had a password',
  );
  return [
    ['the tenant’s password', formsOf(password)],
    ['the tenant’s data key', formsOfKey(dataKey)],
    ['the caller’s token', formsOf(token)],
    ['the private key of the embedded issuer', formsOfKey(Buffer.from(stack.issuerPrivateKey.d ?? '', 'base64url'))],
    ...cells.map(({ uri }, index): [string, string[]] => [
      `the plane’s password on cell ${index}`,
      formsOf(new URL(uri).password),
    ]),
    ['the plane’s password on the control database', formsOf(new URL(stack.mongod.control.uri).password)],
    ...[...keyring.keys.values()].map((key): [string, string[]] => ['the wrapping key', formsOfKey(key)]),
    ...[...codecKeyring.keys.values()].map((key): [string, string[]] => ['the codec’s key', formsOfKey(key)]),
    ...random.map((key): [string, string[]] => [`a random key or password of ${key.length} bytes`, formsOfKey(key)]),
  ];
}

/** Reads all workflow histories of this installation once at least one workflow of every type has ended. */
async function readHistories(): Promise<Map<string, string>> {
  // The sweep of the schedule runs for many turns before it ends.
  await temporal.client.workflow.start('sweep', {
    workflowId: `sweep-once/${randomUUID()}`,
    taskQueue: installation.taskQueue,
    args: [{ turns: 1 }],
  });
  const executions = await until('a workflow of every type has ended', async () => {
    const listed: WorkflowExecutionInfo[] = [];
    for await (const one of temporal.client.workflow.list({ query: `TaskQueue = "${installation.taskQueue}"` }))
      listed.push(one);
    const missed = Object.keys(workflows).filter(
      (type) => !listed.some((one) => one.type === type && one.status.name !== 'RUNNING'),
    );
    return missed.length === 0 ? listed : undefined;
  });
  const read = executions.map(
    async ({ workflowId, runId }) =>
      [workflowId, historyToJSON(await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory())] as const,
  );
  return new Map(await Promise.all(read));
}

test('no secret is in any log, answer, error, ledger entry, registry document, metric or workflow history', async () => {
  const api = installation.client();
  const token = await installation.token();
  const said: string[] = [];

  // Operations with every kind of outcome: success, failure caused by the user, failure caused by the system, refusal.
  const put = (name: string, spec = {}) =>
    api.call('putTenant', {
      params: { name },
      ifNoneMatch: '*',
      body: tenantManifest(name, { lifecycle: 'Active', template: { name: 'common' }, ...spec }),
    });
  const refused = [{ name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }] }];
  for (const name of ['healthy', 'other', 'refused']) {
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
  const wrong = new MongoClient(access.endpoint, {
    auth: { username: access.credential.username, password: 'not the password' },
    authSource: access.database,
    serverSelectionTimeoutMS: 3_000,
  });
  said.push(await told(wrong.connect()));
  await wrong.close();
  for (const answer of await wholeLife(installation, temporal.client, ['healthy', 'other']))
    said.push(JSON.stringify(answer));
  const webhook = await webhookLife(installation);
  said.push(JSON.stringify(webhook.answers));

  said.push(installation.api.output(), installation.worker.output());
  for (const variable of ['TENURE_API_OPS_PORT', 'TENURE_WORKER_OPS_PORT']) {
    said.push(await (await fetch(`http://127.0.0.1:${installation.environment[variable]}/metrics`)).text());
  }
  const control = installation.control.db(installation.databases.control);
  for (const { name } of await control.listCollections({}, { nameOnly: true }).toArray()) {
    const documents = await control.collection(name).find().toArray();
    said.push(JSON.stringify(documents, (_key, value: unknown) => value));
    for (const document of documents)
      if (name === 'ledger')
        said.push(Buffer.from((document['bytes'] as { value(): Uint8Array }).value()).toString('utf8'));
  }
  const sealed = await installation.control.db(installation.databases.secrets).collection('secrets').find().toArray();
  assert.equal(sealed.length, 4, 'two for each of the two tenants that exist');
  const keys = installation.control.db(installation.databases.secrets).collection('webhook_keys');
  sealed.push(...(await keys.find().toArray()));
  said.push(JSON.stringify(sealed));
  for (const document of sealed)
    for (const part of Object.values(document['sealed'] as Record<string, unknown>))
      if (typeof part === 'object')
        said.push(Buffer.from((part as { value(): Uint8Array }).value()).toString('latin1'));
  const codec = createEncryptionCodec(codecKeyring);
  const read = await readHistories();
  for (const history of read.values()) {
    said.push(history);
    // Decrypted payloads must not contain secrets either: encryption protects privacy and does not hide secrets.
    for (const { data } of await codec.decode(payloadsIn(JSON.parse(history)).map(JSONToPayload)))
      said.push(Buffer.from(data ?? []).toString('utf8'));
  }
  const operations = await installation.store.operations.list({ limit: 1000 });
  for (const { tenant, _id } of operations)
    assert.ok(read.has(operationWorkflowId(tenant.uid, _id)), `the history of ${_id} is read`);

  const everything = said.join('\n');
  assert.ok(everything.includes('healthy') && everything.length > 50_000, 'there is something to search');
  const { metadata } = (await api.call('getTenant', { params: { name: 'healthy' } })).body;
  const shownOnce: [string, string[]] = [
    'the secret of a webhook',
    formsOfKey(Buffer.from(webhook.secret.replace('whsec_', ''), 'base64')),
  ];
  for (const [name, forms] of [...(await secrets(metadata.uid, access.credential.password, token)), shownOnce]) {
    for (const form of forms) {
      assert.ok(form.length > 8, name);
      assert.equal(everything.includes(form), false, `${name} was found`);
    }
  }
});

test('the bytes of an entry do not contain the subject of the caller, only a commitment to it', async () => {
  const entries = await installation.store.ledger.entries({});
  assert.ok(entries.length > 5);
  for (const { bytes, openings } of entries) {
    const text = Buffer.from(bytes.value()).toString('utf8');
    assert.ok(openings.length > 0);
    for (const { value } of openings) assert.equal(text.includes(value), false);
  }
});
