import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import type { LedgerEntry } from '../../../contracts/ledger-entry.ts';
import type { OperationKind } from '../../../contracts/lifecycle.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { operationOutcomes } from '../../../domain/operation-outcomes.ts';
import { stepPlans } from '../../../domain/step-plan.ts';
import type { RevisionDocument } from '../../../store/documents.ts';
import { upgradeOnRead } from '../../../store/storage-versions.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { inShort, requireJoined } from '../../harness/entry-chain.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { ended, take } from '../../harness/lifecycle.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

const name = 'acme';
/** Every path, in an order in which one tenant can take them all. */
const paths: readonly OperationKind[] = [
  'activate',
  'reconcile',
  'change_plan',
  'suspend',
  'resume',
  'suspend',
  'archive',
  'reactivate',
  'suspend',
  'archive',
  'delete',
  'undelete',
  'delete',
  'purge',
];

let installation: SharedInstallation;
let entries: LedgerEntry[];
/** Their ids, in the order of the paths. */
let operations: string[];
/** As it is before the purge. */
let tenant: Tenant;

async function go(api: ApiClient, path: OperationKind): Promise<string> {
  const about = () => ({ params: { name }, ifMatch: '*', idempotencyKey: randomUUID() }) as const;
  if (path === 'change_plan')
    return (await api.call('changePlanOfTenant', { ...about(), body: { plan: 'startup' } })).body.operation?.id ?? '';
  if (path === 'purge')
    return (await api.call('purgeTenant', { ...about(), body: { early: true } })).body.operation?.id ?? '';
  return (await take(api, `${path}Tenant`, name)).id;
}

before(async () => {
  installation = await borrowInstallation(attachToStack());
  const api = installation.client();
  await declareBasics(api);
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
  tenant = (
    await api.call('createTenant', { body: tenantManifest(name, { plan: 'other' }), idempotencyKey: randomUUID() })
  ).body.tenant;
  operations = [];
  for (const path of paths) {
    const id = await go(api, path);
    assert.deepEqual([path, (await ended(api, id)).state], [path, 'succeeded']);
    operations.push(id);
    if (path !== 'purge') tenant = (await api.call('getTenant', { params: { name } })).body;
  }
  entries = await readEntries(installation, { tenant: tenant.metadata.uid });
});
after(() => installation.stop());

test('the list contains every path', () => {
  assert.deepEqual([...new Set(paths)].toSorted(), Object.keys(stepPlans).toSorted());
});

test('a path requested by its verb records its permission, its start, each step and its end, nothing else', () => {
  const ofPath = (path: OperationKind): string[] => [
    `tenant.${path} allowed`,
    `tenant.${path}.start succeeded`,
    ...stepPlans[path].map(({ key }) => `tenant.${path}.step succeeded ${key}`),
    `tenant.${path} succeeded`,
  ];
  assert.deepEqual(entries.map(inShort), ['tenant.create succeeded', ...paths.flatMap(ofPath)]);
});

test('the entries of a path belong to its operation, and only the last one is an event', () => {
  for (const [index, path] of paths.entries()) {
    const own = entries.filter(({ operationId }) => operationId === operations[index]);
    assert.equal(own.length, 3 + stepPlans[path].length, path);
    assert.deepEqual(
      own.flatMap(({ event }) => event?.type ?? []),
      [operationOutcomes[path].succeeded],
    );
    assert.ok(own.at(-1)?.event !== undefined);
  }
});

test('each entry starts from the state that the one before it left, until the purge leaves a tombstone', async () => {
  const { metadata, spec, status } = tenant;
  const purge = entries.findIndex(({ action }) => action === 'tenant.purge');
  assert.deepEqual(requireJoined(entries.slice(0, purge)), {
    generation: metadata.generation,
    revision: metadata.revision,
    lifecycle: status.lifecycle,
    digest: canonicalDigest(spec),
  });
  const last = entries.at(-1);
  assert.equal(last?.next, undefined);
  assert.deepEqual(last?.previous, requireJoined(entries));
  assert.equal((await installation.store.tombstones.find(metadata.uid))?.ledgerEntry, last?.id);
});

test('each generation names the entry that committed it; for a verb, it is the entry of its path', async () => {
  const { control, databases } = installation;
  const revisions = await control
    .db(databases.control)
    .collection<RevisionDocument>('revisions')
    .find({ '_id.uid': tenant.metadata.uid })
    .sort({ '_id.generation': 1 })
    .toArray();
  assert.deepEqual(
    revisions.map(({ _id }) => _id.generation),
    Array.from({ length: tenant.metadata.generation }, (_, index) => index + 1),
  );
  const told = revisions.map((revision) => {
    const entry = entries.find(({ id }) => id === revision.ledgerEntry);
    assert.deepEqual(
      [entry?.next?.generation, entry?.next?.digest],
      [revision._id.generation, canonicalDigest(upgradeOnRead(revision).spec)],
    );
    return entry === undefined ? undefined : inShort(entry);
  });
  const writing: readonly OperationKind[] = [
    'activate',
    'change_plan',
    'suspend',
    'resume',
    'suspend',
    'archive',
    'reactivate',
    'suspend',
    'archive',
  ];
  assert.deepEqual(told, ['tenant.create succeeded', ...writing.map((path) => `tenant.${path} allowed`)]);
});
