import assert from 'node:assert/strict';
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalBytes } from '../../contracts/canonical-json.ts';
import { ledgerEntrySchema } from '../../contracts/ledger-entry.ts';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { LedgerDocument } from '../../store/documents.ts';
import type { Installation } from './installation.ts';

type WithControlData = Pick<Installation, 'control' | 'databases'>;

/** The control data as EJSON, by collection: equal before and after exactly if nothing was changed. */
export type ControlState = Readonly<Record<string, string>>;

/**
 * Not compared: ledger entries are counted separately, the log follows the ledger, and a worker may write observations at
 * any time.
 */
const notState = new Set([
  'ledger',
  'log_head',
  'log_positions',
  'log_tiles',
  'cells',
  'drift',
  'backoffs',
  'webhook_attempts',
]);

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
  return {
    ...Object.fromEntries(states),
    secrets: await read(databases.secrets, 'secrets'),
    webhook_keys: await read(databases.secrets, 'webhook_keys'),
  };
}

/** The state without the answers to idempotency keys, which a request that changes nothing leaves too. */
export function withoutAnswers({ idempotency: _answers, ...state }: ControlState): ControlState {
  return state;
}

/** Reads an entry from its stored bytes, which must be canonical and match the contract. */
export function entryOf(document: LedgerDocument): LedgerEntry {
  const bytes = Buffer.from(document.bytes.value());
  const entry = ledgerEntrySchema.parse(JSON.parse(bytes.toString('utf8')));
  assert.deepEqual(bytes, canonicalBytes(entry), 'the stored bytes are canonical');
  return entry;
}

/** Entries in the order of their ids; the filter applies to the stored documents. */
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

/** The entries that `work` adds to the ledger. */
export async function entriesOf(installation: WithControlData, work: () => Promise<unknown>): Promise<LedgerEntry[]> {
  const before = await readEntries(installation);
  await work();
  const known = new Set(before.map((entry) => entry.id));
  return (await readEntries(installation)).filter((entry) => !known.has(entry.id));
}

/** Makes the ledger refuse every new entry until the returned function is called. */
export async function refuseEntries({ control, databases }: WithControlData): Promise<() => Promise<void>> {
  const validate = async (validator: Document): Promise<void> => {
    await control
      .db(databases.control)
      .command({ collMod: 'ledger', validator, validationLevel: 'strict', validationAction: 'error' });
  };
  await validate({ nothingHasThisField: { $exists: true } });
  return () => validate({});
}
