import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Binary, MongoClient, MongoError } from 'mongodb';
import type { CommandStartedEvent } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { storageVersion } from '../../../store/documents.ts';
import type { RevisionDocument, RolloutDocument } from '../../../store/documents.ts';
import type { Transaction } from '../../../store/commit.ts';
import type { LedgerDraft } from '../../../store/ledger.ts';
import { createStore } from '../../../store/store.ts';
import type { Store } from '../../../store/store.ts';
import { draftTenant } from '../../../store/tenants.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { entriesOf, readControlState, readEntries, refuseEntries } from '../../harness/control-data.ts';
import {
  acceptActivation,
  activation,
  anyEntry,
  caller,
  insertDraft,
  openControlStore,
} from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { keepDeadDelivery } from '../../harness/dead-delivery.ts';

let opened: ControlStore;
before(async () => {
  opened = await openControlStore(attachToStack());
});
after(() => opened.close());

const answer = { status: 201, headers: {}, body: '{}' };

function rolloutOf(_id: string, name: string, time: Date): RolloutDocument {
  const { actor, requestId, correlationId } = caller;
  const course = {
    state: 'running',
    active: true,
    unsettled: true,
    reason: null,
    wave: 0,
    tenants: 1,
    cursor: null,
  } as const;
  return {
    _id,
    storageVersion,
    template: { uid: `${_id}-template`, name },
    version: 1,
    labelSelector: null,
    waves: [1],
    maxFailures: 0,
    ...course,
    actor,
    requestId,
    correlationId,
    createTime: time,
    updateTime: time,
    endTime: null,
  };
}

/** A commit with this entry that writes to every collection a commit can change. First creates what it needs. */
async function prepareWriting(name: string): Promise<(entry: (tenant: string) => LedgerDraft) => Promise<void>> {
  const { store } = opened;
  const { operation } = await acceptActivation(store, `${name}-accepted`);
  const { spec } = await insertDraft(store, `${name}-draft`);
  const request = { principal: 'alice@example.com', key: name, fingerprint: 'sha256:0', claim: name };
  await store.idempotency.claim(request);
  const rollout = store.newId();
  await store.rollouts.take(rollout, { uid: store.newId(), name });
  const endpoint = await keepDeadDelivery(store);
  return (entry) =>
    store.commit(async (tx) => {
      const uid = store.newId();
      const tenant = await store.resources.insert(
        tx,
        draftTenant(uid, name, { labels: {}, annotations: {}, spec }, tx.time),
      );
      await store.resources.replace(tx, 1, {
        ...tenant,
        generation: 2,
        revision: 2,
        tables: 1,
        placement: { region: 'eu-west-1', cell: 'eu-west-1-a', mode: 'dedicated', database: 'd' },
      });
      await store.operations.update(
        tx,
        { operationId: operation._id, fence: operation.fence },
        { $set: { state: 'running' } },
      );
      await store.operations.insert(tx, {
        id: store.newId(),
        ...activation,
        tenant: { uid, name },
        generation: 1,
        fence: 1,
        ...caller,
      });
      const bytes = new Binary(Buffer.alloc(16));
      const sealed = { key: 'k', iv: bytes, ciphertext: bytes, tag: bytes };
      await store.secrets.insert(tx, uid, 'data-key', sealed);
      await store.webhookProgress.replay(tx, endpoint, 1, 2);
      await store.webhookDeliveries.requeue(tx, endpoint, undefined);
      await store.webhookKeys.rotate(
        tx,
        { _id: store.newId(), endpoint, algorithm: 'hmac-sha256', sealed, createTime: tx.time, expireTime: null },
        tx.time,
      );
      await store.tenantLeases.grant(tx, {
        id: store.newId(),
        tenant: uid,
        epoch: 1,
        subject: 'alice@example.com',
        until: tx.time,
      });
      await store.idempotency.keep(tx, request, answer);
      await store.brakes.count(tx, 'suspend', 60_000);
      await store.cellIdentities.pin(tx, name, store.newId());
      await store.rollouts.insert(tx, rolloutOf(rollout, name, tx.time));
      await store.rollouts.moveMembers(tx, rollout, 'changing', 'skipped');
      await store.verifications.accept(
        tx,
        [
          { uid, name },
          { uid: store.newId(), name: `${name}-other` },
        ],
        { id: store.newId(), ...caller },
      );
      await store.tombstones.insert(tx, {
        _id: store.newId(),
        storageVersion,
        name,
        createTime: tx.time,
        deleteTime: tx.time,
        purgeTime: tx.time,
        generation: 1,
        revision: 1,
        placement: null,
        operationId: operation._id,
        ledgerEntry: tx.entryId(),
      });
      return { result: undefined, entries: [entry(uid)] };
    });
}

test('a commit changes every collection together with its entry', async () => {
  const write = await prepareWriting('written');
  const before = await readControlState(opened);
  const entries = await entriesOf(opened, () => write(anyEntry));
  assert.equal(entries.length, 1);
  const after = await readControlState(opened);
  for (const collection of Object.keys(before)) assert.notEqual(after[collection], before[collection], collection);
});

test('when the ledger refuses the entry, the commit changes no collection', async () => {
  const write = await prepareWriting('unaudited');
  const before = await readControlState(opened);
  const lift = await refuseEntries(opened);
  try {
    await assert.rejects(write(anyEntry), { code: 'control_unavailable' });
  } finally {
    await lift();
  }
  assert.deepEqual(await readControlState(opened), before);
});

test('an entry that violates the contract commits nothing', async () => {
  const write = await prepareWriting('malformed');
  const before = await readControlState(opened);
  const entries = await entriesOf(opened, () =>
    assert.rejects(write((tenant) => ({ ...anyEntry(tenant), action: 'Not An Action' }))),
  );
  assert.deepEqual(entries, []);
  assert.deepEqual(await readControlState(opened), before);
});

test('a commit that fails at commitTransaction leaves neither its writes nor its entry', async () => {
  const draft = await insertDraft(opened.store, 'torn');
  const before = await readControlState(opened);
  const entries = await entriesOf(opened, async () => {
    const torn = opened.store.commit(async (tx) => {
      tx.session.commitTransaction = () => Promise.reject(new MongoError('torn'));
      return {
        result: await opened.store.resources.replace(tx, 1, { ...draft, revision: 2 }),
        entries: [anyEntry(draft._id)],
      };
    });
    await assert.rejects(torn, { code: 'control_unavailable' });
  });
  assert.deepEqual(entries, []);
  assert.deepEqual(await readControlState(opened), before);
});

test('a refused write leaves no entry', async () => {
  const draft = await insertDraft(opened.store, 'refused');
  const before = await readControlState(opened);
  const entries = await entriesOf(opened, async () => {
    const stale = opened.store.commit(async (tx) => ({
      result: await opened.store.resources.replace(tx, 7, { ...draft, revision: 8 }),
      entries: [anyEntry(draft._id)],
    }));
    await assert.rejects(stale, { code: 'revision_stale' });
    const twice = opened.store.commit(async (tx) => ({
      result: await opened.store.resources.insert(tx, { ...draft, _id: opened.store.newId() }),
      entries: [anyEntry(draft._id)],
    }));
    await assert.rejects(twice, { code: 'already_exists' });
    const own = opened.store.commit(async (tx): Promise<never> => {
      await opened.store.resources.replace(tx, 1, { ...draft, revision: 2 });
      throw new TenureError('policy_refused', 'refused in the commit');
    });
    await assert.rejects(own, { code: 'policy_refused' });
  });
  assert.deepEqual(entries, []);
  assert.deepEqual(await readControlState(opened), before);
});

test('of 16 commits on one revision exactly one succeeds, with exactly one entry', async () => {
  const draft = await insertDraft(opened.store, 'contended');
  const stores = Array.from({ length: 16 }, () => opened.another());
  const entries = await entriesOf(opened, async () => {
    const results = await Promise.allSettled(
      stores.map((store, index) =>
        store.commit(async (tx) => ({
          result: await store.resources.replace(tx, 1, { ...draft, revision: 2, labels: { by: String(index) } }),
          entries: [anyEntry(draft._id)],
        })),
      ),
    );
    const refusals = results.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as TenureError).code] : [],
    );
    assert.deepEqual(
      refusals,
      Array.from({ length: 15 }, () => 'revision_stale'),
    );
  });
  assert.equal(entries.length, 1);
});

test('each generation has one revision, which is never overwritten', async () => {
  const draft = await insertDraft(opened.store, 'kept');
  const replace = (revision: number, generation: number) =>
    opened.store.commit(async (tx) => ({
      result: await opened.store.resources.replace(tx, revision, { ...draft, revision: revision + 1, generation }),
      entries: [anyEntry(draft._id)],
    }));
  await replace(1, 2);
  await replace(2, 2);
  await replace(3, 3);
  const revisions = await opened.control
    .db(opened.databases.control)
    .collection<RevisionDocument>('revisions')
    .find({ '_id.uid': draft._id })
    .toArray();
  assert.deepEqual(new Set(revisions.map(({ _id }) => _id.generation)), new Set([1, 2, 3]));
  assert.equal(revisions.length, 3);
  const entries = new Set((await readEntries(opened, { tenant: draft._id })).map(({ id }) => id));
  assert.ok(revisions.every((revision) => entries.has(revision.ledgerEntry)));
  await assert.rejects(replace(4, 2), 'a generation is not used twice');
});

test('entries of one commit have the same time and different ids', async () => {
  const tenant = opened.store.newId();
  await opened.store.commit(async () => ({
    result: undefined,
    entries: [anyEntry(tenant), anyEntry(tenant), anyEntry(tenant)],
  }));
  const written = await readEntries(opened, { tenant });
  assert.equal(new Set(written.map(({ time }) => time)).size, 1);
  assert.equal(new Set(written.map(({ id }) => id)).size, 3);
});

test('an entry is newer than those of everything its commit has read, even if the commit began earlier', async () => {
  const { store } = opened;
  const tenant = await insertDraft(store, 'seen');
  let go: () => void = () => undefined;
  const mayGo = new Promise<void>((resolve) => {
    go = resolve;
  });
  const late = store.commit(async (tx) => {
    await mayGo;
    const found = await store.resources.read(tx, 'Tenant', tenant._id);
    return { result: { revision: found?.revision, id: tx.entryId() }, entries: [anyEntry(tenant._id)] };
  });
  const early = await store.commit(async (tx) => {
    const changed = await store.resources.replace(tx, tenant.revision, { ...tenant, revision: tenant.revision + 1 });
    return { result: { revision: changed.revision, id: tx.entryId() }, entries: [anyEntry(tenant._id)] };
  });
  go();
  const { revision, id } = await late;
  assert.equal(revision, early.revision, 'it has read the other commit');
  assert.ok(id > early.id, `${id} is newer than ${early.id}`);
});

for (const [what, read] of Object.entries({
  'counts the members of a roll-out': ({ rollouts }, tx) => rollouts.counts('none', tx),
  'reads the members of a roll-out': ({ rollouts }, tx) => rollouts.members('none', 'failed', 10, tx),
  'reads how long leases last': ({ stepLeases }, tx) => stepLeases.remainingMs('none', tx),
  'reads a tenant': ({ resources }, tx) => resources.read(tx, 'Tenant', 'none'),
  'reads an operation': ({ operations }, tx) => operations.read(tx, 'none'),
  'looks for breaches': ({ verifications }, tx) => verifications.breachesOf(tx, 'none'),
  'looks for a tombstone': ({ tombstones }, tx) => tombstones.lastRevision(tx, 'none'),
  'counts for the brake': ({ brakes }, tx) => brakes.count(tx, 'purge', 60_000),
} satisfies Record<string, (store: Store, tx: Transaction) => Promise<unknown>> as Record<
  string,
  (store: Store, tx: Transaction) => Promise<unknown>
>)) {
  test(`a commit is retried if mongod drops its transaction before it ${what}`, async () => {
    const { store, control } = opened;
    let tries = 0;
    await store.commit(async (tx) => {
      tries += 1;
      await store.resources.read(tx, 'Tenant', 'any');
      if (tries === 1) await control.db('admin').command({ killSessions: [{ id: tx.session.id?.id }] });
      await read(store, tx);
      return { result: undefined, entries: [anyEntry(store.newId())] };
    });
    assert.equal(tries, 2);
  });
}

test('a commit that finds its work already done returns that, and keeps none of its writes', async () => {
  const { store } = opened;
  const state = await readControlState(opened);
  const entries = await entriesOf(opened, async () => {
    const said = await store.commit(async (tx) => {
      await store.brakes.count(tx, 'archive', 60_000);
      return { already: 'so' };
    });
    assert.equal(said, 'so');
  });
  assert.deepEqual([entries, await readControlState(opened)], [[], state]);
});

test('an attempt is committed once its commit is, and not if it was repeated, rolled back or rehearsed', async () => {
  const { store } = opened;
  const tenant = await insertDraft(store, 'attempted');
  const attempts: Transaction[] = [];
  await store.commit(async (tx) => {
    attempts.push(tx);
    assert.equal(tx.isCommitted, false);
    const found = await store.resources.read(tx, 'Tenant', tenant._id);
    assert.ok(found !== undefined);
    // The transaction has its snapshot, so its own write conflicts with this one, and the driver repeats the work.
    if (attempts.length === 1)
      await store.commit(async (other) => ({
        result: await store.resources.replace(other, found.revision, { ...found, revision: found.revision + 1 }),
        entries: [anyEntry(tenant._id)],
      }));
    await store.resources.replace(tx, found.revision, { ...found, revision: found.revision + 1 });
    return { result: undefined, entries: [anyEntry(tenant._id)] };
  });
  await store.commit(async (tx) => {
    attempts.push(tx);
    return { already: undefined };
  });
  await store.rehearse(async (tx) => {
    attempts.push(tx);
    return { result: undefined, entries: [anyEntry(tenant._id)] };
  });
  assert.deepEqual(
    attempts.map(({ isCommitted }) => isCommitted),
    [false, true, false, false],
  );
});

test('a commit that is refused or has nothing to do ends only when a majority has what it has read', async () => {
  const client = new MongoClient(attachToStack().mongod.control.adminUri, { monitorCommands: true });
  try {
    const { commit, newId, operations } = createStore({ client, names: opened.databases, installation: 'reading' });
    const refusal = new TenureError('not_found', 'nothing is there');
    for (const outcome of ['already', 'refused'] as const) {
      const sent: CommandStartedEvent[] = [];
      const listen = (event: CommandStartedEvent): void => void sent.push(event);
      client.on('commandStarted', listen);
      const committing = commit(async (tx) => {
        await operations.read(tx, newId());
        if (outcome === 'refused') throw refusal;
        return { already: outcome };
      });
      if (outcome === 'refused') await assert.rejects(committing, refusal);
      else assert.equal(await committing, outcome);
      client.off('commandStarted', listen);
      const last = sent.at(-1)?.command;
      assert.ok(sent.some(({ commandName }) => commandName === 'abortTransaction'));
      assert.equal(last?.['readConcern']?.level, 'majority');
      assert.ok(last['readConcern'].afterClusterTime !== undefined, 'the read waits for the time of the transaction');
    }
  } finally {
    await client.close();
  }
});
