import assert from 'node:assert/strict';
import { canonicalDigest } from '../../contracts/canonical-json.ts';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { LedgerDocument, OperationDocument, RevisionDocument } from '../../store/documents.ts';
import { commitment } from '../../store/ledger.ts';
import { upgradeOnRead } from '../../store/storage-versions.ts';
import { entryOf } from '../harness/control-data.ts';
import type { Installation } from '../harness/installation.ts';

/** What stands beside an entry's bytes is what the bytes say, and opens what they commit to. */
function verifyCopies(document: LedgerDocument, entry: LedgerEntry): void {
  assert.deepEqual(
    [
      document._id,
      document.tenant,
      document.action,
      document.outcome,
      document.operationId,
      document.requestId,
      document.correlationId,
      document.time.toISOString(),
    ],
    [
      entry.id,
      entry.tenant ?? null,
      entry.action,
      entry.outcome,
      entry.operationId ?? null,
      entry.requestId,
      entry.correlationId,
      entry.time,
    ],
  );
  assert.ok(document.openings.length > 0);
  for (const { pointer, salt, value } of document.openings) {
    assert.equal(
      pointer === '/actor/subject' ? entry.actor.subject : entry.actor.onBehalfOf,
      commitment(salt, value),
      `what opens ${pointer}`,
    );
  }
}

function verifyOperation(
  { _id: id, kind, state, waitsFor, startTime }: OperationDocument,
  entries: readonly LedgerEntry[],
): void {
  const count = (action: string, outcome: string): number =>
    entries.filter((entry) => entry.action === action && entry.outcome === outcome).length;
  const steps = (suffix: 'step' | 'undo'): (string | undefined)[] =>
    entries
      .filter((entry) => entry.action === `tenant.${kind}.${suffix}` && entry.outcome === 'succeeded')
      .map(({ step }) => step);
  const told = `${kind} ${id}, ${state}`;
  assert.ok(state === 'succeeded' || state === 'failed' || state === 'cancelled', `${told}: it has ended`);
  assert.equal(count(`tenant.${kind}`, 'allowed'), 1, `${told}: it is accepted once`);
  if (waitsFor !== null && startTime === null) return;
  assert.equal(count(`tenant.${kind}`, 'succeeded'), state === 'succeeded' ? 1 : 0, told);
  assert.equal(count(`tenant.${kind}`, 'failed'), state === 'succeeded' ? 0 : 1, told);
  const done = steps('step');
  assert.equal(new Set(done).size, done.length, `${told}: each step is committed once: ${done.join()}`);
  if (state !== 'succeeded')
    assert.deepEqual(
      done.filter((step) => !steps('undo').includes(step)),
      [],
      `${told}: what was done is undone`,
    );
}

function verifyRevisions(revisions: readonly RevisionDocument[], entries: readonly LedgerEntry[]): void {
  assert.deepEqual(
    revisions.map(({ _id }) => _id.generation),
    revisions.map((_, index) => index + 1),
    'no generation is missing',
  );
  for (const {
    _id: { generation },
    ledgerEntry,
    spec,
  } of revisions) {
    const committing = entries.find(({ id }) => id === ledgerEntry);
    assert.ok(committing !== undefined, `the entry of generation ${generation}`);
    const digest = canonicalDigest(spec);
    assert.deepEqual(
      [committing.next?.generation, committing.next?.digest],
      [generation, digest],
      `the entry of generation ${generation} reports it`,
    );
  }
}

/** No two operations have ever had one fence. */
function verifyFences(entries: readonly LedgerEntry[]): void {
  const holders = new Map<number, string | undefined>();
  for (const { fence, operationId } of entries) {
    if (fence === undefined) continue;
    assert.equal(holders.get(fence) ?? operationId, operationId, `fence ${fence} has one holder`);
    holders.set(fence, operationId);
  }
}

/** In the order of the tenant's revisions; ids are of several clocks. What has no revision after it is the purge. */
function eventsIn(entries: readonly LedgerEntry[]): string[] {
  const told = entries.filter(({ event }) => event !== undefined);
  return told
    .toSorted((a, b) => (a.next?.revision ?? Infinity) - (b.next?.revision ?? Infinity))
    .map(({ event }) => event?.type ?? '');
}

type WithControlData = Pick<Installation, 'control' | 'databases' | 'store'>;

/** Holds everything that the ledger, the revisions and the operations say of one tenant against each other. Nothing runs on it. Returns its entries. */
export async function verifyRecordsOf(
  { control, databases, store }: WithControlData,
  uid: string,
): Promise<LedgerEntry[]> {
  const db = control.db(databases.control);
  const documents = await db.collection<LedgerDocument>('ledger').find({ tenant: uid }).sort({ _id: 1 }).toArray();
  const entries = documents.map(entryOf);
  documents.forEach((document, index) => verifyCopies(document, entries[index]!));
  const operations = await db.collection<OperationDocument>('operations').find({ 'tenant.uid': uid }).toArray();
  for (const operation of operations)
    verifyOperation(
      operation,
      entries.filter(({ operationId }) => operationId === operation._id),
    );
  const known = new Set(operations.map(({ _id }) => _id));
  assert.deepEqual(
    entries.filter(({ operationId }) => operationId !== undefined && !known.has(operationId)),
    [],
    'entries of operations that are not there',
  );
  verifyFences(entries);
  const revisions = (
    await db.collection<RevisionDocument>('revisions').find({ '_id.uid': uid }).sort({ '_id.generation': 1 }).toArray()
  ).map((revision) => upgradeOnRead(revision));
  verifyRevisions(revisions, entries);
  const tenant = await store.resources.findByUid('Tenant', uid);
  const tombstone = await store.tombstones.find(uid);
  assert.equal(tenant === undefined, tombstone !== undefined, `${uid} is in the registry, or has a tombstone`);
  assert.equal(tenant?.generation ?? tombstone?.generation, revisions.length, 'the newest revision is what stands');
  if (tenant !== undefined) assert.deepEqual([tenant.operation, tenant.pending], [null, null], 'the lock is free');
  if (tombstone !== undefined)
    assert.equal(entries.find(({ id }) => id === tombstone.ledgerEntry)?.event?.type, 'tenant.purged.v1');
  return entries;
}

/** The same, and against the model. */
export async function verifyLedgerOf(
  installation: WithControlData,
  uid: string,
  { events, purged }: { readonly events: readonly string[]; readonly purged: boolean },
): Promise<void> {
  const entries = await verifyRecordsOf(installation, uid);
  assert.deepEqual(eventsIn(entries), events, `what the ledger tells of ${uid}`);
  assert.equal((await installation.store.tombstones.find(uid)) !== undefined, purged, `whether ${uid} is purged`);
}
