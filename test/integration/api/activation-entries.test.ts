import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LedgerEntry } from '../../../contracts/ledger-entry.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import { stepPlans } from '../../../domain/step-plan.ts';
import type { LedgerDocument, RevisionDocument } from '../../../store/documents.ts';
import { upgradeOnRead } from '../../../store/storage-versions.ts';
import { commitment } from '../../../store/ledger.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { inShort, requireJoined } from '../../harness/entry-chain.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
let entries: LedgerEntry[];
let requestId: string;
let tenant: RouteAnswer<'getTenant'>;
const who = { subject: 'erin@example.com', roles: ['operator'] };
const correlation = 'rollout-7';

/** Declares, changes and activates one tenant. */
before(async () => {
  installation = await borrowInstallation(attachToStack());
  exchange = createExchange(installation);
  await declareBasics(installation.client());
  const put = (manifest: object, headers: Record<string, string>) =>
    exchange({ method: 'PUT', path: '/v1/tenants/acme', body: manifest, headers, who });
  await put(tenantManifest('acme'), { 'if-none-match': '*' });
  await put(tenantManifest('acme', { displayName: 'Acme' }), { 'if-match': '"1"' });
  const accepted = await exchange({
    method: 'POST',
    path: '/v1/tenants/acme:activate',
    headers: { 'if-match': '"2"', 'idempotency-key': 'go', 'x-correlation-id': correlation },
    who,
  });
  assert.equal(accepted.status, 202, accepted.text);
  requestId = accepted.headers.get('x-request-id') ?? '';
  const { operation } = accepted.json<RouteAnswer<'activateTenant'>>();
  const ended = await exchange({ path: `/v1/operations/${operation?.id ?? ''}:wait` });
  assert.equal(ended.json<RouteAnswer<'getOperation'>>().state, 'succeeded', ended.text);
  tenant = (await exchange({ path: '/v1/tenants/acme' })).json();
  entries = await readEntries(installation, { tenant: tenant.metadata.uid });
});
after(() => installation.stop());

test('an activation leaves exactly these entries, in this order', () => {
  assert.deepEqual(entries.map(inShort), [
    'tenant.create succeeded',
    'tenant.update succeeded',
    'tenant.activate allowed',
    'tenant.activate.start succeeded',
    ...stepPlans.activate.map((step) => `tenant.activate.step succeeded ${step.key}`),
    'tenant.activate succeeded',
  ]);
});

test('each entry names the caller, the request and the operation', () => {
  const operation = entries.filter((entry) => entry.operationId !== undefined);
  assert.equal(new Set(operation.map((entry) => entry.operationId)).size, 1);
  assert.deepEqual(
    operation.map((entry) => entry.action),
    entries.slice(2).map((entry) => entry.action),
  );
  for (const entry of entries) {
    assert.deepEqual(entry.actor.roles, who.roles);
    assert.deepEqual(entry.target, { kind: 'Tenant', name: 'acme', uid: tenant.metadata.uid });
    assert.equal(entry.installation, installation.name);
    if (entry.operationId === undefined) continue;
    assert.deepEqual([entry.requestId, entry.correlationId], [requestId, correlation]);
    assert.ok(entry.fence !== undefined && entry.fence > 0);
  }
});

const standingOf = ({ metadata, spec, status }: RouteAnswer<'getTenant'>): LedgerEntry['next'] => ({
  generation: metadata.generation,
  revision: metadata.revision,
  lifecycle: status.lifecycle,
  digest: canonicalDigest(spec),
});

test('the revisions of the entries are continuous: each entry starts where the previous one ended, up to the current tenant', () => {
  assert.deepEqual(requireJoined(entries), standingOf(tenant));
});

test('a manifest that activates a tenant leaves one entry for the declaration and one for the accepted operation', async () => {
  const put = (manifest: object, headers: Record<string, string>) =>
    exchange({ method: 'PUT', path: '/v1/tenants/applied', body: manifest, headers, who });
  await put(tenantManifest('applied'), { 'if-none-match': '*' });
  const accepted = await put(tenantManifest('applied', { lifecycle: 'Active' }), { 'if-match': '"1"' });
  const {
    operation,
    tenant: { metadata },
  } = accepted.json<RouteAnswer<'putTenant'>>();
  const [declared, allowed, ...more] = await readEntries(installation, {
    tenant: metadata.uid,
    requestId: accepted.headers.get('x-request-id'),
  });
  assert.ok(declared !== undefined && allowed !== undefined);
  assert.deepEqual(
    [inShort(declared), declared.operationId, declared.event?.type],
    ['tenant.update succeeded', undefined, 'tenant.updated.v1'],
  );
  assert.deepEqual(
    [inShort(allowed), allowed.operationId, allowed.event],
    ['tenant.activate allowed', operation?.id, undefined],
  );
  assert.deepEqual(
    [declared.previous?.revision, declared.next, declared.time],
    [1, allowed.next, allowed.time],
    'both entries are of one commit',
  );
  assert.ok(more.every(({ action }) => action.startsWith('tenant.activate')));
});

test('an activation that fails and is rolled back leaves an entry for each step and undo, and the revisions are continuous', async () => {
  const collections = [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }];
  const accepted = await exchange({
    method: 'PUT',
    path: '/v1/tenants/broken',
    body: tenantManifest('broken', { lifecycle: 'Active', services: [{ name: 'shop', collections }] }),
    headers: { 'if-none-match': '*' },
    who,
  });
  const { operation } = accepted.json<RouteAnswer<'putTenant'>>();
  const ended = await exchange({ path: `/v1/operations/${operation?.id ?? ''}:wait` });
  assert.deepEqual(
    [ended.json<RouteAnswer<'getOperation'>>().state, ended.json<RouteAnswer<'getOperation'>>().error?.code],
    ['failed', 'schema_rejected'],
    ended.text,
  );
  const standing = (await exchange({ path: '/v1/tenants/broken' })).json<RouteAnswer<'getTenant'>>();
  assert.equal(standing.status.lifecycle, 'Draft');
  const left = await readEntries(installation, { tenant: standing.metadata.uid });
  assert.deepEqual(left.map(inShort), [
    'tenant.create succeeded',
    'tenant.activate allowed',
    'tenant.activate.start succeeded',
    'tenant.activate.step succeeded place',
    'tenant.activate.step succeeded issue-keys',
    'tenant.activate.step succeeded claim-database',
    'tenant.activate.turn failed create-collections schema_rejected',
    'tenant.activate.undo succeeded create-collections',
    'tenant.activate.undo succeeded claim-database',
    'tenant.activate.undo succeeded issue-keys',
    'tenant.activate.undo succeeded place',
    'tenant.activate failed schema_rejected',
  ]);
  assert.deepEqual(requireJoined(left), standingOf(standing));
});

test('the decision of policy is in the entry of each declaration, of the acceptance and of each step', () => {
  const decided = entries.filter((entry) => entry.policy !== undefined);
  assert.deepEqual(
    decided.map((entry) => entry.action),
    entries
      .filter(({ action }) => action !== 'tenant.activate.start')
      .slice(0, -1)
      .map((entry) => entry.action),
  );
  for (const { policy } of decided) {
    assert.equal(policy?.decision, 'allow');
    assert.ok(policy.rules.length > 0);
  }
  assert.equal(new Set(decided.map((entry) => entry.policy?.bundle)).size, 1);
});

test('an entry holds the subject of the caller as a commitment, which only the opening stored with it proves', async () => {
  const { control, databases } = installation;
  const documents = await control
    .db(databases.control)
    .collection<LedgerDocument>('ledger')
    .find({ tenant: tenant.metadata.uid })
    .toArray();
  assert.equal(documents.length, entries.length);
  const salts = new Set<string>();
  for (const document of documents) {
    const text = Buffer.from(document.bytes.value()).toString('utf8');
    assert.ok(!text.includes(who.subject));
    const [opening, ...more] = document.openings;
    assert.deepEqual([opening?.pointer, opening?.value, more], ['/actor/subject', who.subject, []]);
    assert.equal((JSON.parse(text) as LedgerEntry).actor.subject, commitment(opening?.salt ?? '', who.subject));
    salts.add(opening?.salt ?? '');
  }
  assert.equal(salts.size, documents.length, 'no salt is used twice');
});

test('each revision names the entry that committed it, and each event has the lifecycle of the tenant', async () => {
  const { control, databases } = installation;
  const revisions = await control
    .db(databases.control)
    .collection<RevisionDocument>('revisions')
    .find({ '_id.uid': tenant.metadata.uid })
    .sort({ '_id.generation': 1 })
    .toArray();
  assert.deepEqual(
    revisions.map((revision) => revision._id.generation),
    [1, 2, 3],
  );
  for (const revision of revisions) {
    const entry = entries.find(({ id }) => id === revision.ledgerEntry);
    assert.equal(entry?.next?.generation, revision._id.generation);
    assert.equal(entry?.next?.digest, canonicalDigest(upgradeOnRead(revision).spec));
    assert.equal(entry?.time, revision.time.toISOString());
  }
  assert.deepEqual(
    entries.flatMap(({ event }) => (event === undefined ? [] : [[event.type, event.data['lifecycle']]])),
    [
      ['tenant.created.v1', 'Draft'],
      ['tenant.updated.v1', 'Draft'],
      ['tenant.activated.v1', 'Active'],
    ],
  );
});
