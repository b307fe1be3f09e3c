import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { placeStep } from '../../../activities/steps/place.ts';
import type { EnsureWork } from '../../../activities/steps/step-handler.ts';
import { declareResource } from '../../../engines/catalog/declare-resource.ts';
import type { Precondition } from '../../../engines/requests/precondition.ts';
import { removeResource } from '../../../engines/catalog/remove-resource.ts';
import type { Transaction } from '../../../store/commit.ts';
import { draftTenant } from '../../../store/tenants.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, caller, insertDraft, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { tenantManifest } from '../../harness/manifests.ts';

let opened: ControlStore;
before(async () => {
  opened = await openControlStore(attachToStack());
});
after(() => opened.close());

const policy = {
  bundle: `sha256:${'0'.repeat(64)}`,
  input: `sha256:${'0'.repeat(64)}`,
  decision: 'allow' as const,
  rules: [],
};
const alsoCommit = async (): Promise<void> => undefined;

async function declarePlan(name: string): Promise<void> {
  const declaration = {
    labels: {},
    annotations: {},
    spec: { isolationModes: ['dedicated' as const], quotas: { tables: 100 } },
  };
  await declareResource(opened.store, {
    kind: 'Plan',
    name,
    declaration,
    precondition: { kind: 'absent' },
    caller,
    policy,
    alsoCommit,
  });
}

const removePlan = (name: string) =>
  removeResource(opened.store, { kind: 'Plan', name, precondition: { kind: 'exists' }, caller, policy, alsoCommit });

/** Inserts a tenant of the plan; `meanwhile` runs after the transaction has its snapshot and before it writes. */
async function insertTenant(
  name: string,
  plan: string,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const { store } = opened;
  const uid = store.newId();
  const spec = tenantSpecSchema.parse(tenantManifest(name, { plan }).spec);
  let first = true;
  await store.commit(async (tx: Transaction) => {
    await store.resources.read(tx, 'Tenant', uid);
    if (first) await meanwhile();
    first = false;
    return {
      result: await store.resources.insert(tx, draftTenant(uid, name, { labels: {}, annotations: {}, spec }, tx.time)),
      entries: [anyEntry(uid)],
    };
  });
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof TenureError ? error.code : String(error)),
  );

test('a plan that a tenant uses is not removed, and no tenant starts with a plan removed concurrently', async () => {
  await declarePlan('used');
  await insertTenant('user', 'used');
  assert.equal(await codeOf(removePlan('used')), 'resource_in_use');

  await declarePlan('going');
  let removed = '';
  assert.equal(
    await codeOf(insertTenant('late', 'going', async () => (removed = await codeOf(removePlan('going'))))),
    'revision_stale',
  );
  assert.deepEqual([removed, await opened.store.resources.find('Tenant', 'late')], ['done', undefined]);
});

test('of a concurrent removal of a plan and creation of its tenant, exactly one succeeds', async () => {
  const names = Array.from({ length: 16 }, (_, index) => `raced-${index}`);
  await Promise.all(names.map(declarePlan));
  const outcomes = await Promise.all(
    names.map(async (name) => Promise.all([codeOf(insertTenant(name, name)), codeOf(removePlan(name))])),
  );
  for (const [index, name] of names.entries()) {
    const [tenant, plan] = await Promise.all([
      opened.store.resources.find('Tenant', name),
      opened.store.resources.find('Plan', name),
    ]);
    assert.equal(tenant === undefined, plan === undefined, `${name}: ${outcomes[index]?.join(', ')}`);
  }
});

test('a plan that is declared again continues its generation and revision, and can be used', async () => {
  await declarePlan('again');
  await removePlan('again');
  await declarePlan('again');
  const { generation, revision } = (await opened.store.resources.find('Plan', 'again')) ?? {};
  assert.deepEqual([generation, revision], [2, 2]);
  await insertTenant('user-again', 'again');
  assert.equal(await codeOf(removePlan('again')), 'resource_in_use');
});

const declareRegion = (precondition: Precondition, cell: string) => {
  const spec = { jurisdiction: 'eu', acceptsTenants: true, cells: [{ name: cell, tableBudget: 1000 }] };
  return declareResource(opened.store, {
    kind: 'Region',
    name: 'placing',
    declaration: { labels: {}, annotations: {}, spec },
    precondition,
    caller,
    policy,
    alsoCommit,
  });
};

/** Places a tenant as its operation does; `meanwhile` runs after the choice, in the first attempt to commit it. */
async function place(name: string, meanwhile: () => Promise<unknown>): Promise<void> {
  const { store } = opened;
  const drafted = await insertDraft(store, name);
  const [plan, regions] = await Promise.all([
    store.resources.find('Plan', 'placing'),
    store.resources.list('Region', { limit: 10 }),
  ]);
  const { commit } = await placeStep(store).ensure({
    tenant: drafted,
    admission: { plan, regions },
  } as unknown as EnsureWork);
  let first = true;
  await store.commit(async (tx) => {
    const current = await store.resources.read(tx, 'Tenant', drafted._id);
    assert.ok(current !== undefined && commit !== undefined);
    const next = await commit(tx, current);
    if (first) await meanwhile();
    first = false;
    return { result: await store.resources.replace(tx, current.revision, next), entries: [anyEntry(current._id)] };
  });
}

test('a region cannot drop a cell with tenants, and no tenant is placed on a cell dropped concurrently', async () => {
  await declarePlan('placing');
  for (const cell of ['kept', 'left']) await opened.store.cells.observe(cell, 'one', { reachable: true });
  await declareRegion({ kind: 'absent' }, 'kept');
  await place('there', async () => undefined);
  assert.equal(await codeOf(declareRegion({ kind: 'exists' }, 'left')), 'change_not_available');

  await opened.store.commit(async (tx) => {
    const there = await opened.store.resources.find('Tenant', 'there');
    assert.ok(there !== undefined);
    await opened.store.resources.remove(tx, there);
    return { result: undefined, entries: [anyEntry(there._id)] };
  });
  let given = '';
  await assert.rejects(
    place('late', async () => (given = await codeOf(declareRegion({ kind: 'exists' }, 'left')))),
    { name: 'RetryAfter' },
  );
  assert.deepEqual([given, (await opened.store.resources.find('Tenant', 'late'))?.placement], ['done', null]);
});
