import assert from 'node:assert/strict';
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalBytes } from '../../contracts/canonical-json.ts';
import { ledgerEntrySchema } from '../../contracts/ledger-entry.ts';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { LedgerDocument } from '../../store/documents.ts';
import type { Installation } from './installation.ts';

type WithControlData = Pick<Installation, 'control' | 'databases'>;

/** The control data as EJSON by collection: equal before and after exactly when nothing was changed. */
export type ControlState = Readonly<Record<string, string>>;

/** Entries are counted apart. The others are observations, which a worker writes down at any time. */
const notState = new Set(['ledger', 'cells', 'drift', 'backoffs']);

export async function readControlState({ control, databases }: WithControlData): Promise<ControlState> {
  const read = async (database: string, collection: string): Promise<string> =>
    BSON.EJSON.stringify(await control.db(database).collection(collection).find().sort({ _id: 1 }).toArray());
  const there = await control.db(databases.control).listCollections({}, { nameOnly: true }).toArray();
  const collections = there
    .map(({ name }) => name)
    .filter((name) => !notState.has(name))
    .toSorted();
  const states = await Promise.all(
    collections.map(async (name) => [name, await read(databases.control, name)] as const),
  );
  return { ...Object.fromEntries(states), secrets: await read(databases.secrets, 'secrets') };
}

/** An entry from its stored bytes, which are canonical and of the contract's form. */
export function entryOf(document: LedgerDocument): LedgerEntry {
  const bytes = Buffer.from(document.bytes.value());
  const entry = ledgerEntrySchema.parse(JSON.parse(bytes.toString('utf8')));
  assert.deepEqual(bytes, canonicalBytes(entry), 'the stored bytes are canonical');
  return entry;
}

/** Entries by id, the filter on the stored documents. */
export async function readEntries(
  { control, databases }: WithControlData,
  filter: Document = {},
): Promise<LedgerEntry[]> {
  const documents = await control
    .db(databases.control)
    .collection<LedgerDocument>('ledger')
    .find(filter)
    .sort({ _id: 1 })
    .toArray();
  return documents.map(entryOf);
}

/** What `work` added to the ledger. */
export async function entriesOf(installation: WithControlData, work: () => Promise<unknown>): Promise<LedgerEntry[]> {
  const before = await readEntries(installation);
  await work();
  const known = new Set(before.map((entry) => entry.id));
  return (await readEntries(installation)).filter((entry) => !known.has(entry.id));
}

/** From now on no entry can be written, until the function that it returns is called. */
export async function refuseEntries({ control, databases }: WithControlData): Promise<() => Promise<void>> {
  const validate = async (validator: Document): Promise<void> => {
    await control
      .db(databases.control)
      .command({ collMod: 'ledger', validator, validationLevel: 'strict', validationAction: 'error' });
  };
  await validate({ nothingHasThisField: { $exists: true } });
  return () => validate({});
}
