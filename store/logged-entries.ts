import type { LogLeaf } from '../contracts/log/leaf.ts';
import type { LedgerEntry } from '../contracts/ledger-entry.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { readSized } from './reading.ts';
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
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

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
        const entries = new Map<string, Sized<LedgerEntry>>();
        const filter = { _id: { $in: positions.map(({ entry }) => entry) } };
        for await (const { document, bytes } of readSized(ledger, filter, { projection: { bytes: 1 } }))
          entries.set(document._id, { document: parse(document.bytes.value()) as LedgerEntry, bytes });
        for (const { _id: index, entry: id, leaf } of positions) {
          const entry = entries.get(id);
          if (entry === undefined)
            throw new TenureError('ledger_damaged', `entry ${id} is in the log at ${index}, but not in the ledger`);
          yield {
            document: { index, leaf: parse(leaf.value()) as LogLeaf, entry: entry.document },
            bytes: entry.bytes,
          };
        }
        const last = positions.at(-1);
        if (last === undefined || positions.length < fetchedAtOnce) return;
        at = last._id + 1;
        left -= positions.length;
      }
    },
  };
}
