import type { LogLeaf } from '../contracts/log/leaf.ts';
import type { LedgerEntry } from '../contracts/ledger-entry.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { entriesOfPositions } from './entries-of-positions.ts';
import type { Sized } from './reading.ts';

/** An entry with its leaf, as both are stored. */
export interface StoredLogEntry {
  readonly index: number;
  readonly leaf: LogLeaf;
  readonly entry: LedgerEntry;
}

export interface LoggedEntriesScan {
  /** The first index to read. */
  readonly from: number;
  /** The index to end before. */
  readonly size: number;
  /** Only entries of this tenant. */
  readonly tenant?: string;
  readonly limit: number;
}

/** Reads entries in the order of the log. */
export interface LoggedEntryStore {
  /** @throws TenureError ledger_damaged, if an entry is missing; control_unavailable */
  scan(scan: LoggedEntriesScan): AsyncIterable<Sized<StoredLogEntry>>;
}

const fetchedAtOnce = 100;

export function createLoggedEntryStore({
  logPositions,
  ledger,
}: Pick<ControlDatabase, 'logPositions' | 'ledger'>): LoggedEntryStore {
  return {
    async *scan({ from, size, tenant, limit }) {
      let [at, left] = [from, limit];
      while (left > 0) {
        const positions = await onControl(() =>
          logPositions
            .find(
              { ...(tenant === undefined ? {} : { tenant }), _id: { $gte: at, $lt: size } },
              { projection: { entry: 1, leaf: 1 } },
            )
            .sort({ _id: 1 })
            .limit(Math.min(left, fetchedAtOnce))
            .toArray(),
        );
        for await (const { position, entry, bytes } of entriesOfPositions({ ledger }, positions)) {
          const leaf = JSON.parse(Buffer.from(position.leaf.value()).toString()) as LogLeaf;
          yield { document: { index: position._id, leaf, entry }, bytes };
        }
        const last = positions.at(-1);
        if (last === undefined || positions.length < fetchedAtOnce) return;
        at = last._id + 1;
        left -= positions.length;
      }
    },
  };
}
