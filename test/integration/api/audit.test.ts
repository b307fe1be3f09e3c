import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { canonicalBytes } from '../../../contracts/canonical-json.ts';
import type { AuditEntry } from '../../../contracts/audit.ts';
import type { RouteQueryInput } from '../../../contracts/routes.ts';
import { borrowDeclared } from '../../harness/declared-installation.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { SharedInstallation, Who } from '../../harness/installation.ts';
import { activeTenant, always, ended, takeAll } from '../../harness/lifecycle.ts';
import { untilAllSequenced } from '../../harness/log-check.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await borrowDeclared());
});
after(() => installation.stop());

const alice = { subject: 'alice@example.com', roles: ['operator'] } as const;
const auditor: Who = { subject: 'ada@example.com', roles: ['auditor'] };

async function found(query: RouteQueryInput<'listAuditEntries'>, who: Who = auditor): Promise<readonly AuditEntry[]> {
  return (await installation.client(who).call('listAuditEntries', { query })).body.items;
}

const actionsOf = (entries: readonly AuditEntry[]): string[] =>
  entries.map(({ entry: { action, outcome } }) => `${action} ${outcome}`);

test('the entries of a tenant tell its whole life, newest first, with their actors and their places in the log', async () => {
  const { metadata } = await activeTenant(installation.client(alice), 'acme');
  await takeAll(installation.client(alice), 'acme', ['suspendTenant', 'archiveTenant', 'deleteTenant']);
  const api = installation.client();
  const { body } = await api.call('purgeTenant', { params: { name: 'acme' }, body: { early: true }, ...always() });
  await ended(api, body.operation?.id ?? '');
  await untilAllSequenced(installation);
  const entries = await found({ tenant: metadata.uid, pageSize: 500 });
  const milestones = actionsOf(entries).filter((action) => !/\.(start|step) /.test(action));
  assert.deepEqual(milestones.toReversed(), [
    'tenant.create succeeded',
    ...['activate', 'suspend', 'archive', 'delete', 'purge'].flatMap((kind) => [
      `tenant.${kind} allowed`,
      `tenant.${kind} succeeded`,
    ]),
  ]);
  const sequences = entries.map(({ log }) => log?.sequence);
  assert.deepEqual(
    sequences.toReversed(),
    sequences.map((_, index) => index + 1),
  );
  const [last] = entries;
  const deleted = entries.find(({ entry }) => entry.action === 'tenant.delete');
  assert.equal(deleted?.actor.subject, alice.subject);
  // What is shown is what is stored and proven.
  const stored = await installation.store.ledger.entries({ tenant: metadata.uid });
  for (const { entry } of entries)
    assert.deepEqual(
      canonicalBytes(entry),
      Buffer.from(stored.find(({ _id }) => _id === entry.id)?.bytes.value() ?? []),
      entry.id,
    );
  const one = await exchange({ path: `/v1/audit/entries/${last?.entry.id ?? ''}`, who: auditor });
  assert.deepEqual(one.json(), last);
});

test('each filter finds exactly what matches it, and pages of any size find the same', async () => {
  const client = installation.client({ ...alice, subject: 'bob@example.com' });
  await client.call('createTenant', { body: tenantManifest('filtered'), idempotencyKey: randomUUID() });
  const denied = await exchange({
    path: '/v1/plans/startup',
    method: 'DELETE',
    who: { ...alice, subject: 'bob@example.com' },
    headers: { 'if-match': '*' },
  });
  assert.equal(denied.problem().code, 'forbidden');
  const own = await found({ actor: 'bob@example.com' });
  assert.deepEqual(actionsOf(own), ['plan.delete denied', 'tenant.create succeeded']);
  const [refusal, creation] = own;
  assert.ok(refusal !== undefined && creation !== undefined);
  const only = async (query: RouteQueryInput<'listAuditEntries'>): Promise<string[]> =>
    (await found({ actor: 'bob@example.com', ...query })).map(({ entry }) => entry.id);
  const { id, requestId, correlationId, time } = creation.entry;
  const later = new Date(Date.parse(refusal.entry.time) + 1).toISOString();
  for (const [query, expected] of [
    [{ tenant: 'filtered' }, [id]],
    [{ action: 'tenant.create' }, [id]],
    [{ action: 'tenant.*' }, [id]],
    [{ action: 'plan.*' }, [refusal.entry.id]],
    [{ outcome: 'denied' }, [refusal.entry.id]],
    [{ target: 'plan/startup' }, [refusal.entry.id]],
    [{ target: 'tenant/filtered' }, [id]],
    [{ requestId }, [id]],
    [{ correlationId }, [id]],
    [{ from: time, to: later }, [refusal.entry.id, id]],
    [{ to: time }, []],
    [{ from: later }, []],
    [{ operationId: id }, []],
  ] as const)
    assert.deepEqual(await only(query), expected, JSON.stringify(query));

  const everything = await found({ pageSize: 500 });
  const paged: AuditEntry[] = [];
  let pageToken: string | undefined;
  do {
    const query = { pageSize: 2, ...(pageToken === undefined ? {} : { pageToken }) };
    const { body } = await installation.client(auditor).call('listAuditEntries', { query });
    paged.push(...body.items);
    pageToken = body.nextPageToken;
  } while (pageToken !== undefined);
  const idsOf = (entries: readonly AuditEntry[]): string[] => entries.map(({ entry }) => entry.id);
  assert.deepEqual(idsOf(paged), idsOf(everything));
});

test('a person who was erased is no longer named or found, and the entry stays', async () => {
  const client = installation.client({ ...alice, subject: 'carol@example.com' });
  await client.call('createTenant', { body: tenantManifest('erased'), idempotencyKey: randomUUID() });
  const [before] = await found({ actor: 'carol@example.com' });
  await installation.control
    .db(installation.databases.control)
    .collection<{ _id: string }>('ledger')
    .updateOne({ _id: before?.entry.id ?? '' }, { $set: { openings: [] } });
  assert.deepEqual(await found({ actor: 'carol@example.com' }), []);
  const [after] = await found({ tenant: 'erased' });
  assert.deepEqual([after?.actor, after?.entry], [{}, before?.entry]);
});

test('any time can be searched from and to', async () => {
  const all = await found({ pageSize: 500 });
  for (const from of ['0001-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z'])
    assert.deepEqual(await found({ from, to: '9999-12-31T23:59:59.999Z', pageSize: 500 }), all);
  assert.deepEqual(await found({ to: '0020-02-29T00:00:00.000Z' }), []);
  assert.deepEqual(await found({ from: '9999-12-31T23:59:59.999Z' }), []);
});

test('a confined auditor finds entries about its own tenants only; who may not audit is refused', async () => {
  const { tenant } = (
    await installation.client().call('createTenant', { body: tenantManifest('mine'), idempotencyKey: randomUUID() })
  ).body;
  const who = { ...auditor, tenants: [tenant.metadata.uid] };
  const entries = await found({}, who);
  assert.deepEqual([...new Set(entries.map(({ entry }) => entry.tenant))], [tenant.metadata.uid]);
  const [foreign] = await found({ tenant: 'erased' });
  for (const path of [
    `/v1/audit/entries/${foreign?.entry.id ?? ''}`,
    `/v1/audit/entries/${tenant.metadata.uid}`,
    '/v1/audit/entries?tenant=erased',
  ])
    assert.equal((await exchange({ path, who })).problem().code, 'not_found', path);
  for (const role of ['viewer', 'service'])
    assert.equal((await exchange({ path: '/v1/audit/entries', who: { roles: [role] } })).problem().code, 'forbidden');
  for (const path of ['/v1/log/head', '/v1/log/heads', '/v1/log/entries'])
    assert.equal((await exchange({ path, who: { roles: ['service'] } })).problem().code, 'forbidden', path);
  for (const query of ['action=suspend', 'target=acme', 'outcome=maybe', 'from=yesterday', 'actor=', 'unknown=1'])
    assert.equal((await exchange({ path: `/v1/audit/entries?${query}` })).problem().code, 'request_invalid', query);
});
