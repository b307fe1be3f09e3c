import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Binary } from 'mongodb';
import type { TenantVerb } from '../../../domain/tenant-verb.ts';
import type { ChangedTenant, Command } from '../../../engines/changes/change-request.ts';
import type { Precondition } from '../../../engines/requests/precondition.ts';
import type { Transaction } from '../../../store/commit.ts';
import type { PlanDocument, TenantDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, caller } from '../../harness/control-store.ts';
import { openDecidingStore } from '../../harness/deciding-store.ts';
import type { DecidingStore } from '../../harness/deciding-store.ts';

let opened: DecidingStore;
before(async () => {
  opened = await openDecidingStore(attachToStack());
});
after(() => opened.close());

const command = (name: string, verb: TenantVerb): Omit<Command, 'precondition'> => ({
  name,
  verb,
  caller,
  alsoCommit: async () => undefined,
});

/** A request that preempts the reconciliation of an Active tenant, with something that happens just before its commit. */
async function preempts(
  name: string,
  verb: TenantVerb,
  precondition: (tenant: TenantDocument) => Precondition,
  beforeCommit: () => Promise<unknown>,
): Promise<{ readonly outcome: Promise<ChangedTenant>; readonly tenant: TenantDocument }> {
  const { _id: uid } = await opened.tenantIn(name, 'Active');
  const bytes = new Binary(Buffer.alloc(12));
  await opened.store.commit(async (tx) => {
    await opened.store.secrets.insert(tx, uid, 'data-key', { key: 'any', iv: bytes, ciphertext: bytes, tag: bytes });
    return { result: undefined, entries: [anyEntry(uid)] };
  });
  const { tenant } = await opened.changing(opened.store)({
    ...command(name, { path: 'reconcile' }),
    precondition: { kind: 'exists' },
  });
  const own = opened.another();
  let happened: Promise<unknown> | undefined;
  const change = opened.changing({
    ...own,
    async commit(work) {
      await (happened ??= beforeCommit());
      return own.commit(work);
    },
  });
  return { tenant, outcome: change({ ...command(name, verb), precondition: precondition(tenant), preempt: true }) };
}

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
  assert.equal((await opened.records('preempts-named')).tenant.pending, null);
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
    () => commit((tx) => store.resources.removeCatalogResource(tx, passing)),
  );
  await assert.rejects(outcome, { code: 'policy_refused' });
  assert.equal((await opened.records('preempts-plan')).tenant.pending, null);
});
