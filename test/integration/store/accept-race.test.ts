import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Binary } from 'mongodb';
import { createAdmit } from '../../../engines/admission/admission.ts';
import { loadPolicyEngine } from '../../../engines/policy/policy-engine.ts';
import { createTemplates } from '../../../engines/rollouts/templates.ts';
import { createChangeTenant } from '../../../engines/changes/change-tenant.ts';
import type { ChangedTenant, ChangeTenant, Command, Declare } from '../../../engines/changes/change-request.ts';
import type { Precondition } from '../../../engines/requests/precondition.ts';
import type { TenantVerb } from '../../../domain/tenant-verb.ts';
import type { TenureError } from '../../../domain/tenure-error.ts';
import { tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import type { TenantSpec } from '../../../contracts/manifests/tenant.ts';
import type { OperationDocument, PlanDocument, RegionDocument, TenantDocument } from '../../../store/documents.ts';
import type { Transaction } from '../../../store/commit.ts';
import { storageVersion } from '../../../store/documents.ts';
import type { Store } from '../../../store/store.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readEntries } from '../../harness/control-data.ts';
import { anyEntry, caller, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { showCells } from '../../harness/seen-cells.ts';

const stack = attachToStack();
const crowd = 16;

let opened: ControlStore;
let declares: ChangeTenant[];
let changing: (store: Store) => ChangeTenant;
before(async () => {
  opened = await openControlStore(stack);
  const { store } = opened;
  const policy = await loadPolicyEngine({ bundleDirectory: stack.processEnvironment()['TENURE_POLICY_BUNDLE'] ?? '' });
  const common = {
    storageVersion,
    labels: {},
    annotations: {},
    generation: 1,
    revision: 1,
    createTime: new Date(),
    updateTime: new Date(),
  } as const;
  const plan: PlanDocument = {
    ...common,
    _id: store.newId(),
    kind: 'Plan',
    name: 'startup',
    spec: { isolationModes: ['dedicated'], quotas: { tables: 100 } },
  };
  const region: RegionDocument = {
    ...common,
    _id: store.newId(),
    kind: 'Region',
    name: 'eu-west-1',
    spec: { jurisdiction: 'EU', cells: [{ name: 'eu-west-1-a', tableBudget: 20_000 }], acceptsTenants: true },
  };
  for (const resource of [plan, region])
    await store.commit(async (tx) => ({
      result: await store.resources.insert(tx, resource),
      entries: [anyEntry(resource._id)],
    }));
  await showCells(opened);
  // As many processes as contenders, so that none waits for another before it comes to the database.
  changing = (own) =>
    createChangeTenant({
      store: own,
      admit: createAdmit({ ...own, policy, keyProvider: { keys: [] } }),
      templates: createTemplates(own),
      brake: { approach: async () => async () => undefined },
      requireTemporal: async () => undefined,
      failpoints: { reach: async () => undefined },
    });
  declares = Array.from({ length: crowd }, () => changing(opened.another()));
});
after(() => opened.close());

const spec = (name: string, change: Partial<TenantSpec> = {}): TenantSpec =>
  tenantSpecSchema.parse({ ...tenantManifest(name).spec, ...change });
const request = (name: string, precondition: Precondition, declared: TenantSpec): Declare => ({
  name,
  declare: () => ({ labels: {}, annotations: {}, spec: declared }),
  precondition,
  caller,
  alsoCommit: async () => undefined,
});

/** What the control data holds of one tenant. */
async function standing(name: string): Promise<{
  readonly tenant: TenantDocument;
  readonly operations: OperationDocument[];
  readonly generations: number;
}> {
  const tenant = await opened.store.resources.find('Tenant', name);
  assert.ok(tenant !== undefined);
  const db = opened.control.db(opened.databases.control);
  return {
    tenant,
    operations: await db.collection<OperationDocument>('operations').find({ 'tenant.uid': tenant._id }).toArray(),
    generations: await db.collection('revisions').countDocuments({ '_id.uid': tenant._id }),
  };
}

const codes = (results: readonly PromiseSettledResult<unknown>[]): string[] =>
  results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as TenureError).code] : []));

test(`of ${crowd} different changes of one tenant on one revision exactly one is accepted, with one operation, one revision and its entries`, async () => {
  for (let round = 0; round < 3; round += 1) {
    const name = `contended-${round}`;
    await declares[0]!(request(name, { kind: 'absent' }, spec(name)));
    const entries = await entriesOf(opened, async () => {
      const results = await Promise.allSettled(
        declares.map((declare, index) =>
          declare(
            request(
              name,
              { kind: 'revision', revisions: [1] },
              spec(name, { displayName: `by ${index}`, lifecycle: 'Active' }),
            ),
          ),
        ),
      );
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
      for (const code of codes(results)) assert.ok(code === 'revision_stale' || code === 'operation_in_progress', code);
    });
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['tenant.update', 'tenant.activate'],
    );
    const { tenant, operations, generations } = await standing(name);
    assert.deepEqual([tenant.revision, tenant.generation, generations, tenant.lastFence], [2, 2, 2, 1]);
    assert.deepEqual(
      operations.map(({ _id, fence }) => ({ id: _id, kind: 'activate', fence })),
      [tenant.operation],
    );
  }
});

test(`of ${crowd} creations of one name exactly one is made; no other uid is ever seen`, async () => {
  const entries = await entriesOf(opened, async () => {
    const results = await Promise.allSettled(
      declares.map((declare) =>
        declare(request('created-once', { kind: 'absent' }, spec('created-once', { lifecycle: 'Active' }))),
      ),
    );
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    assert.deepEqual(new Set(codes(results)), new Set(['already_exists']));
  });
  const { tenant, operations, generations } = await standing('created-once');
  assert.deepEqual([operations.length, generations], [1, 1]);
  assert.deepEqual(new Set(entries.map((entry) => entry.tenant)), new Set([tenant._id]));
});

test(`of ${crowd} equal changes that ask for no revision one operation comes, and all are told of it`, async () => {
  await declares[0]!(request('agreed', { kind: 'absent' }, spec('agreed')));
  const results = await Promise.all(
    declares.map((declare) => declare(request('agreed', { kind: 'exists' }, spec('agreed', { lifecycle: 'Active' })))),
  );
  const { operations, tenant } = await standing('agreed');
  assert.deepEqual(
    operations.map(({ _id }) => _id),
    [tenant.operation?.id],
  );
  assert.deepEqual(new Set(results.map((result) => result.operation?._id)), new Set([tenant.operation?.id]));
  assert.equal(results.filter(({ outcome }) => outcome === 'changed').length, 1);
  assert.equal(
    (await readEntries(opened, { tenant: tenant._id })).filter(({ action }) => action === 'tenant.activate').length,
    1,
  );
});

test('an operation that fails between two reads is not taken for one that is on its way', async () => {
  const asked = request('overtaken', { kind: 'exists' }, spec('overtaken', { lifecycle: 'Active' }));
  await declares[0]!(request('overtaken', { kind: 'absent' }, spec('overtaken', { lifecycle: 'Active' })));
  const own = opened.another();
  const ends: string[] = [];
  const overtaken = changing({
    ...own,
    operations: {
      ...own.operations,
      async find(id) {
        if (ends.push(id) === 1) {
          // As the last commit of an activation that was undone.
          const db = opened.control.db(opened.databases.control);
          await db
            .collection<OperationDocument>('operations')
            .updateOne({ _id: id }, { $set: { state: 'failed', endTime: new Date() }, $unset: { unfinished: true } });
          await db
            .collection('resources')
            .updateOne(
              { name: 'overtaken' },
              { $set: { operation: null, 'spec.lifecycle': 'Draft' }, $inc: { revision: 1, generation: 1 } },
            );
        }
        return own.operations.find(id);
      },
    },
  });
  const { outcome, operation } = await overtaken(asked);
  assert.equal(outcome, 'changed');
  assert.notEqual(operation?._id, ends[0]);
});

test('what is settled with a change is there exactly when the change is', async () => {
  const held = { principal: 'alice@example.com', key: 'settles', fingerprint: 'sha256:a', claim: 'mine' };
  const settling = (claim: string): Declare => ({
    ...request('settled', { kind: 'absent' }, spec('settled')),
    alsoCommit: (tx, { tenant }) =>
      opened.store.idempotency.keep(tx, { ...held, claim }, { status: 201, headers: {}, body: tenant._id }),
  });
  await opened.store.idempotency.claim(held);
  await assert.rejects(declares[0]!(settling('of another')), { code: 'idempotency_in_progress' });
  assert.equal(await opened.store.resources.find('Tenant', 'settled'), undefined);
  const { tenant } = await declares[0]!(settling('mine'));
  assert.equal((await opened.store.idempotency.claim({ ...held, claim: 'repeat' }))?.body, tenant._id);
});

/** A tenant that stands in this state, as its operations would have left it. */
async function stands(name: string, lifecycle: 'Active' | 'Suspended'): Promise<TenantDocument> {
  await declares[0]!(request(name, { kind: 'absent' }, spec(name)));
  await move(name, lifecycle);
  return (await standing(name)).tenant;
}

/** What an operation's end writes, in short. */
async function move(name: string, lifecycle: 'Active' | 'Suspended'): Promise<void> {
  const placement = { region: 'eu-west-1', cell: 'eu-west-1-a', mode: 'dedicated' };
  await opened.control
    .db(opened.databases.control)
    .collection('resources')
    .updateOne(
      { name },
      { $set: { lifecycle, 'spec.lifecycle': lifecycle, placement }, $inc: { revision: 1, generation: 1 } },
    );
}

test('a verb that is fulfilled on the state it is decided on stays so: what has happened since is not undone by a stale revision', async () => {
  const { revision } = await stands('resumed-since', 'Suspended');
  const own = opened.another();
  const commits: string[] = [];
  const suspend = changing({
    ...own,
    commit: (work) => {
      commits.push('commit');
      return own.commit(work);
    },
  });
  const asked: string[] = [];
  const { outcome } = await suspend({
    name: 'resumed-since',
    verb: { path: 'suspend' },
    precondition: { kind: 'revision', revisions: [revision - 1] },
    caller,
    async permit(action) {
      // Another caller's resume comes to its end between the right and the decision.
      if (asked.push(action) === 1) await move('resumed-since', 'Active');
    },
    alsoCommit: async () => undefined,
  });
  assert.deepEqual([outcome, asked, commits], ['unchanged', ['tenant.suspend'], []]);
  assert.equal((await standing('resumed-since')).tenant.operation, null);
});

const withPlan = (name: string): TenantSpec => spec(name, { lifecycle: 'Active', plan: 'enterprise' });

for (const { path, declared, from } of [
  { path: 'change_plan', declared: withPlan, from: 'Active' },
  { path: 'suspend', declared: (name: string) => spec(name, { lifecycle: 'Suspended' }), from: 'Active' },
  { path: 'resume', declared: (name: string) => spec(name, { lifecycle: 'Active' }), from: 'Suspended' },
  {
    path: 'reconcile',
    declared: (name: string) => spec(name, { lifecycle: 'Active', config: { theme: 'dark' } }),
    from: 'Active',
  },
] as const) {
  test(`declaring where ${path} leads asks for the right to it, of the one state that everything is decided on`, async () => {
    const name = `declares-${path.replace('_', '-')}`;
    const before = await stands(name, from);
    const asked: [string, TenantDocument | undefined][] = [];
    const refusal = Object.assign(new Error('no'), { code: 'forbidden' });
    await assert.rejects(
      declares[0]!({
        ...request(name, { kind: 'exists' }, declared(name)),
        async permit(action, tenant) {
          asked.push([action, tenant]);
          if (action === `tenant.${path}`) throw refusal;
        },
      }),
      refusal,
    );
    assert.deepEqual(
      asked.map(([action]) => action),
      ['tenant.update', `tenant.${path}`],
    );
    assert.equal(new Set(asked.map(([, tenant]) => tenant)).size, 1, 'one read');
    assert.deepEqual((await standing(name)).tenant, before);
  });
}

test('access that is taken away while it is given is not given: the grant starts over and sees it', async () => {
  const { _id: uid } = await stands('opened-late', 'Active');
  const { store } = opened;
  const seen: (string | undefined)[] = [];
  await store.commit(async (tx) => {
    const tenant = await store.resources.read(tx, 'Tenant', uid);
    seen.push(tenant?.operation?.kind);
    // The transaction has its snapshot: what it has read is no longer so when it writes.
    if (seen.length === 1)
      await declares[0]!({
        name: 'opened-late',
        verb: { path: 'suspend' },
        precondition: { kind: 'exists' },
        caller,
        alsoCommit: async () => undefined,
      });
    await store.tenantLeases.grant(tx, {
      id: store.newId(),
      tenant: uid,
      epoch: 1,
      subject: 'service',
      until: tx.time,
    });
    return { result: undefined, entries: [anyEntry(uid)] };
  });
  assert.deepEqual(seen, [undefined, 'suspend']);
});

/** A request that preempts the reconciliation of an Active tenant, with something that happens just before its commit. */
async function preempts(
  name: string,
  verb: TenantVerb,
  precondition: (tenant: TenantDocument) => Precondition,
  beforeCommit: () => Promise<unknown>,
): Promise<{ readonly outcome: Promise<ChangedTenant>; readonly tenant: TenantDocument }> {
  const { _id: uid } = await stands(name, 'Active');
  const bytes = new Binary(Buffer.alloc(12));
  await opened.store.commit(async (tx) => {
    await opened.store.secrets.insert(tx, uid, 'data-key', { key: 'any', iv: bytes, ciphertext: bytes, tag: bytes });
    return { result: undefined, entries: [anyEntry(uid)] };
  });
  const { tenant } = await declares[0]!({ ...command(name, { path: 'reconcile' }), precondition: { kind: 'exists' } });
  const own = opened.another();
  let happened: Promise<unknown> | undefined;
  const change = changing({
    ...own,
    async commit(work) {
      await (happened ??= beforeCommit());
      return own.commit(work);
    },
  });
  return { tenant, outcome: change({ ...command(name, verb), precondition: precondition(tenant), preempt: true }) };
}

const command = (name: string, verb: TenantVerb): Omit<Command, 'precondition'> => ({
  name,
  verb,
  caller,
  alsoCommit: async () => undefined,
});

/** What a hold writes, in short: the tenant is changed while its operation runs. */
const changed = (name: string): Promise<unknown> =>
  opened.control
    .db(opened.databases.control)
    .collection('resources')
    .updateOne({ name }, { $inc: { revision: 1 } });

test('a preempting change applies only to the revision that its caller named', async () => {
  const { outcome } = await preempts(
    'preempts-named',
    { path: 'suspend' },
    ({ revision }) => ({ kind: 'revision', revisions: [revision] }),
    () => changed('preempts-named'),
  );
  await assert.rejects(outcome, { code: 'revision_stale' });
  assert.equal((await standing('preempts-named')).tenant.pending, null);
});

test('a preempting change of any revision is decided again if the tenant was changed in the meantime', async () => {
  const { outcome, tenant } = await preempts(
    'preempts-any',
    { path: 'suspend' },
    () => ({ kind: 'exists' }),
    () => changed('preempts-any'),
  );
  assert.equal((await outcome).tenant.revision, tenant.revision + 2);
});

test('a preempting change of plan is refused if the plan is removed before the change commits', async () => {
  const { store } = opened;
  const startup = await store.resources.find('Plan', 'startup');
  assert.ok(startup !== undefined);
  const passing: PlanDocument = { ...startup, _id: store.newId(), name: 'passing' };
  const commit = (work: (tx: Transaction) => Promise<unknown>) =>
    store.commit(async (tx) => ({ result: await work(tx), entries: [anyEntry(passing._id)] }));
  await commit((tx) => store.resources.insert(tx, passing));
  const { outcome } = await preempts(
    'preempts-plan',
    { path: 'change_plan', plan: 'passing' },
    () => ({ kind: 'exists' }),
    () => commit((tx) => store.resources.removeSettled(tx, passing)),
  );
  await assert.rejects(outcome, { code: 'policy_refused' });
  assert.equal((await standing('preempts-plan')).tenant.pending, null);
});
