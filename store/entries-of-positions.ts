import type { LedgerEntry } from '../contracts/ledger-entry.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlDatabase } from './control-database.ts';
import type { LogPositionDocument } from './log-documents.ts';
import { readSized } from './reading.ts';

type Place = Pick<LogPositionDocument, '_id' | 'entry'>;

/** Entries are fetched in parts, so that no more is in memory than is asked for. */
const fetchedAtOnce = 100;

/** The entries at these positions of the log, in the same order. @throws TenureError ledger_damaged, control_unavailable */
export async function* entriesOfPositions<Position extends Place>(
  { ledger }: Pick<ControlDatabase, 'ledger'>,
  positions: readonly Position[],
): AsyncGenerator<{ readonly position: Position; readonly entry: LedgerEntry; readonly bytes: number }> {
  for (let at = 0; at < positions.length; at += fetchedAtOnce) {
    const part = positions.slice(at, at + fetchedAtOnce);
    const found = new Map<string, { readonly entry: LedgerEntry; readonly bytes: number }>();
    const filter = { _id: { $in: part.map(({ entry }) => entry) } };
    for await (const { document, bytes } of readSized(ledger, filter, { projection: { bytes: 1 } }))
      found.set(document._id, {
        entry: JSON.parse(Buffer.from(document.bytes.value()).toString()) as LedgerEntry,
        bytes,
      });
    for (const position of part) {
      const read = found.get(position.entry);
      if (read === undefined)
        throw new TenureError(
          'ledger_damaged',
          `entry ${position.entry} is in the log at ${position._id}, but not in the ledger`,
        );
      yield { position, ...read };
    }
  }
}
