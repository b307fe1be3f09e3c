import assert from 'node:assert/strict';
import { canonicalDigest } from '../../contracts/canonical-json.ts';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { LedgerDocument, OperationDocument, RevisionDocument } from '../../store/documents.ts';
import { commitment } from '../../store/ledger.ts';
import { upgradeOnRead } from '../../store/storage-versions.ts';
import { entryOf } from '../harness/control-data.ts';
import type { Installation } from '../harness/installation.ts';

/**
 * Checks that the fields beside an entry's bytes match the bytes, and that the openings match the commitments in them.
 */
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
      `the opening of ${pointer} matches the commitment`,
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
      `${told}: every finished step is undone`,
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
    assert.ok(committing !== undefined, `generation ${generation} has a ledger entry`);
    const digest = canonicalDigest(spec);
    assert.deepEqual(
      [committing.next?.generation, committing.next?.digest],
      [generation, digest],
      `the entry of generation ${generation} reports it`,
    );
  }
}

/** Checks that no two operations ever had the same fence. */
function verifyFences(entries: readonly LedgerEntry[]): void {
  const holders = new Map<number, string | undefined>();
  for (const { fence, operationId } of entries) {
    if (fence === undefined) continue;
    assert.equal(holders.get(fence) ?? operationId, operationId, `fence ${fence} has one holder`);
    holders.set(fence, operationId);
  }
}

/**
 * The event types in the order of the tenant's revisions, because ids come from several clocks. Only the purge has no
 * next revision.
 */
function eventsIn(entries: readonly LedgerEntry[]): string[] {
  const told = entries.filter(({ event }) => event !== undefined);
  return told
    .toSorted((a, b) => (a.next?.revision ?? Infinity) - (b.next?.revision ?? Infinity))
    .map(({ event }) => event?.type ?? '');
}

type WithControlData = Pick<Installation, 'control' | 'databases' | 'store'>;

/**
 * Compares everything that the ledger, the revisions and the operations say about one tenant, and returns its entries.
 * No operation may run on it.
 */
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
    'every operation that an entry names exists',
  );
  verifyFences(entries);
  const revisions = (
    await db.collection<RevisionDocument>('revisions').find({ '_id.uid': uid }).sort({ '_id.generation': 1 }).toArray()
  ).map((revision) => upgradeOnRead(revision));
  verifyRevisions(revisions, entries);
  const tenant = await store.resources.findByUid('Tenant', uid);
  const tombstone = await store.tombstones.find(uid);
  assert.equal(tenant === undefined, tombstone !== undefined, `${uid} is either in the registry or has a tombstone`);
  assert.equal(tenant?.generation ?? tombstone?.generation, revisions.length, 'the newest revision is the current one');
  if (tenant !== undefined) assert.deepEqual([tenant.operation, tenant.pending], [null, null], 'the lock is free');
  if (tombstone !== undefined)
    assert.equal(entries.find(({ id }) => id === tombstone.ledgerEntry)?.event?.type, 'tenant.purged.v1');
  return entries;
}

/** Does the same, and compares the events with the model. */
export async function verifyLedgerOf(
  installation: WithControlData,
  uid: string,
  { events, purged }: { readonly events: readonly string[]; readonly purged: boolean },
): Promise<void> {
  const entries = await verifyRecordsOf(installation, uid);
  assert.deepEqual(eventsIn(entries), events, `events of ${uid} in the ledger`);
  assert.equal((await installation.store.tombstones.find(uid)) !== undefined, purged, `whether ${uid} is purged`);
}
