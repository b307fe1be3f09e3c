import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TenantSpec } from '../../../contracts/manifests/tenant.ts';
import type { TenureError } from '../../../domain/tenure-error.ts';
import type { ChangeTenant, Declare } from '../../../engines/changes/change-request.ts';
import type { OperationDocument, TenantDocument } from '../../../store/documents.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readEntries } from '../../harness/control-data.ts';
import { anyEntry, caller } from '../../harness/control-store.ts';
import { declaration, openDecidingStore, specOf } from '../../harness/deciding-store.ts';
import type { DecidingStore } from '../../harness/deciding-store.ts';

const crowd = 16;

let opened: DecidingStore;
let declares: ChangeTenant[];
before(async () => {
  opened = await openDecidingStore(attachToStack());
  // One process for each contender, so that none waits for another before it reaches the database.
  declares = Array.from({ length: crowd }, () => opened.changing(opened.another()));
});
after(() => opened.close());

const codes = (results: readonly PromiseSettledResult<unknown>[]): string[] =>
  results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as TenureError).code] : []));

test(`of ${crowd} changes of one revision exactly one is accepted, with one operation and its entries`, async () => {
  for (let round = 0; round < 3; round += 1) {
    const name = `contended-${round}`;
    await declares[0]!(declaration(name, { kind: 'absent' }, specOf(name)));
    const entries = await entriesOf(opened, async () => {
      const results = await Promise.allSettled(
        declares.map((declare, index) =>
          declare(
            declaration(
              name,
              { kind: 'revision', revisions: [1] },
              specOf(name, { displayName: `by ${index}`, lifecycle: 'Active' }),
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
    const { tenant, operations, generations } = await opened.records(name);
    assert.deepEqual([tenant.revision, tenant.generation, generations, tenant.lastFence], [2, 2, 2, 1]);
    assert.deepEqual(
      operations.map(({ _id, fence }) => ({ id: _id, kind: 'activate', fence })),
      [tenant.operation],
    );
  }
});

test(`of ${crowd} creations of one name exactly one succeeds, and no other uid is in the ledger`, async () => {
  const entries = await entriesOf(opened, async () => {
    const results = await Promise.allSettled(
      declares.map((declare) =>
        declare(declaration('created-once', { kind: 'absent' }, specOf('created-once', { lifecycle: 'Active' }))),
      ),
    );
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    assert.deepEqual(new Set(codes(results)), new Set(['already_exists']));
  });
  const { tenant, operations, generations } = await opened.records('created-once');
  assert.deepEqual([operations.length, generations], [1, 1]);
  assert.deepEqual(new Set(entries.map((entry) => entry.tenant)), new Set([tenant._id]));
});

test(`${crowd} equal changes without a revision start one operation, and all return it`, async () => {
  await declares[0]!(declaration('agreed', { kind: 'absent' }, specOf('agreed')));
  const results = await Promise.all(
    declares.map((declare) =>
      declare(declaration('agreed', { kind: 'exists' }, specOf('agreed', { lifecycle: 'Active' }))),
    ),
  );
  const { operations, tenant } = await opened.records('agreed');
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

test('an operation that fails between two reads is not treated as running', async () => {
  const asked = declaration('overtaken', { kind: 'exists' }, specOf('overtaken', { lifecycle: 'Active' }));
  await declares[0]!(declaration('overtaken', { kind: 'absent' }, specOf('overtaken', { lifecycle: 'Active' })));
  const own = opened.another();
  const ends: string[] = [];
  const overtaken = opened.changing({
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

test('an answer that is stored with a change exists exactly when the change does', async () => {
  const held = { principal: 'alice@example.com', key: 'settles', fingerprint: 'sha256:a', claim: 'mine' };
  const settling = (claim: string): Declare => ({
    ...declaration('settled', { kind: 'absent' }, specOf('settled')),
    alsoCommit: (tx, { tenant }) =>
      opened.store.idempotency.keep(tx, { ...held, claim }, { status: 201, headers: {}, body: tenant._id }),
  });
  await opened.store.idempotency.claim(held);
  await assert.rejects(declares[0]!(settling('of another')), { code: 'idempotency_in_progress' });
  assert.equal(await opened.store.resources.find('Tenant', 'settled'), undefined);
  const { tenant } = await declares[0]!(settling('mine'));
  assert.equal((await opened.store.idempotency.claim({ ...held, claim: 'repeat' }))?.body, tenant._id);
});

test('a verb that is fulfilled when the tenant is read changes nothing, even if the state changes then', async () => {
  const { revision } = await opened.tenantIn('resumed-since', 'Suspended');
  const own = opened.another();
  const commits: string[] = [];
  const suspend = opened.changing({
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
      // Another caller's resume ends between the authorization and the decision.
      if (asked.push(action) === 1) await opened.move('resumed-since', 'Active');
    },
    alsoCommit: async () => undefined,
  });
  assert.deepEqual([outcome, asked, commits], ['unchanged', ['tenant.suspend'], []]);
  assert.equal((await opened.records('resumed-since')).tenant.operation, null);
});

const withPlan = (name: string): TenantSpec => specOf(name, { lifecycle: 'Active', plan: 'enterprise' });

for (const { path, declared, from } of [
  { path: 'change_plan', declared: withPlan, from: 'Active' },
  { path: 'suspend', declared: (name: string) => specOf(name, { lifecycle: 'Suspended' }), from: 'Active' },
  { path: 'resume', declared: (name: string) => specOf(name, { lifecycle: 'Active' }), from: 'Suspended' },
  {
    path: 'reconcile',
    declared: (name: string) => specOf(name, { lifecycle: 'Active', config: { theme: 'dark' } }),
    from: 'Active',
  },
] as const) {
  test(`a manifest that needs ${path} is authorized for it, on the one state that all decisions use`, async () => {
    const name = `declares-${path.replace('_', '-')}`;
    const before = await opened.tenantIn(name, from);
    const asked: [string, TenantDocument | undefined][] = [];
    const refusal = Object.assign(new Error('no'), { code: 'forbidden' });
    await assert.rejects(
      declares[0]!({
        ...declaration(name, { kind: 'exists' }, declared(name)),
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
    assert.equal(new Set(asked.map(([, tenant]) => tenant)).size, 1, 'all decisions use one read');
    assert.deepEqual((await opened.records(name)).tenant, before);
  });
}

test('a grant of access starts over and sees a suspension that is accepted at the same time', async () => {
  const { _id: uid } = await opened.tenantIn('opened-late', 'Active');
  const { store } = opened;
  const seen: (string | undefined)[] = [];
  await store.commit(async (tx) => {
    const tenant = await store.resources.read(tx, 'Tenant', uid);
    seen.push(tenant?.operation?.kind);
    // The transaction has its snapshot: what it has read changes before it writes.
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
