import { Binary } from 'mongodb';
import type { Collection, Document, UpdateFilter } from 'mongodb';
import { canonicalBytes } from '../../contracts/canonical-json.ts';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { LedgerDocument } from '../../store/documents.ts';
import { createUlidFactory } from '../../store/ulid.ts';
import { entryOf } from '../harness/control-data.ts';

/** Repairs what was broken by hand. */
export type Mend = () => Promise<void>;

const newId = createUlidFactory();

function required<T>(found: T | null | undefined, filter: Document): T {
  if (found == null) throw new Error(`there is nothing to break: ${JSON.stringify(filter)}`);
  return found;
}

/** Changes one document directly in the database. */
export async function changed(collection: Collection, filter: Document, update: UpdateFilter<Document>): Promise<Mend> {
  const before = required(await collection.findOne(filter), filter);
  await collection.updateOne({ _id: before['_id'] }, update);
  return async () => void (await collection.replaceOne({ _id: before['_id'] }, before));
}

/** Removes one document directly from the database. */
export async function removed(collection: Collection, filter: Document): Promise<Mend> {
  const before = required(await collection.findOneAndDelete(filter), filter);
  return async () => void (await collection.insertOne(before));
}

/** Adds a document directly to the database. */
export async function added(collection: Collection, document: Document): Promise<Mend> {
  await collection.insertOne(document);
  return async () => void (await collection.deleteOne({ _id: document['_id'] }));
}

/** Adds a copy of a document under another id, with these fields changed. */
export async function copied(collection: Collection, filter: Document, change: Document = {}): Promise<Mend> {
  const { _id, ...rest } = required(await collection.findOne(filter), filter);
  return added(collection, { ...rest, _id: typeof _id === 'string' ? newId() : _id, ...change });
}

/**
 * Adds a later ledger entry with the content of the first one that fits, except for what is changed. Its bytes are
 * canonical too.
 */
export async function saidAgain(
  ledger: Collection<LedgerDocument>,
  fits: (entry: LedgerEntry) => boolean,
  change: Partial<LedgerEntry> = {},
): Promise<Mend> {
  const all = await ledger.find().sort({ _id: 1 }).toArray();
  const document = required(
    all.find((one) => fits(entryOf(one))),
    { fits: String(fits) },
  );
  const entry: LedgerEntry = { ...entryOf(document), ...change, id: newId() };
  const again: LedgerDocument = {
    ...document,
    _id: entry.id,
    bytes: new Binary(canonicalBytes(entry)),
    action: entry.action,
    outcome: entry.outcome,
    operationId: entry.operationId ?? null,
  };
  await ledger.insertOne(again);
  return async () => void (await ledger.deleteOne({ _id: again._id }));
}
