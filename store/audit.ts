import type { Filter } from 'mongodb';
import type { LedgerEntry, LedgerOutcome } from '../contracts/ledger-entry.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { LedgerDocument } from './documents.ts';
import type { LogPositionDocument } from './log-documents.ts';
import { readSized } from './reading.ts';
import type { Sized } from './reading.ts';
import { ulidsFrom } from './ulid.ts';

/** Entries that match everything that is given. */
export interface AuditSearch {
  /** Uids. */
  readonly tenants?: readonly string[];
  readonly actor?: string;
  /** An action, or `tenant.*`. */
  readonly action?: string;
  /** `kind/name`. */
  readonly target?: string;
  readonly outcome?: LedgerOutcome;
  readonly from?: Date;
  readonly to?: Date;
  readonly requestId?: string;
  readonly correlationId?: string;
  readonly operationId?: string;
}

/** An entry, the personal values behind its commitments, and its place in the log if it has one already. */
export interface AuditedEntry {
  readonly id: string;
  readonly tenant: string | null;
  readonly entry: LedgerEntry;
  readonly subject: string | undefined;
  readonly onBehalfOf: string | undefined;
  readonly position: { readonly index: number; readonly sequence: number } | undefined;
}

/** Searches the ledger. */
export interface AuditStore {
  /** Entries before the one with this id, newest first. */
  search(
    search: AuditSearch,
    page: { readonly before?: string; readonly limit: number },
  ): AsyncIterable<Sized<AuditedEntry>>;
  find(id: string): Promise<AuditedEntry | undefined>;
}

/** An entry gets its time when its transaction begins, and its id later, before the transaction ends. */
const idAfterTimeMs = 20_000;
/** Positions are looked up for this many entries at once. */
const lookedUpAtOnce = 100;

function filterOf({
  tenants,
  actor,
  action,
  target,
  outcome,
  from,
  to,
  requestId,
  correlationId,
  operationId,
}: AuditSearch): Filter<LedgerDocument>[] {
  return [
    ...(tenants === undefined ? [] : [{ tenant: tenants.length === 1 ? tenants[0]! : { $in: [...tenants] } }]),
    ...(actor === undefined ? [] : [{ 'openings.value': actor }]),
    ...(action === undefined
      ? []
      : [{ action: action.endsWith('.*') ? { $gte: action.slice(0, -1), $lt: `${action.slice(0, -2)}/` } : action }]),
    ...(target === undefined ? [] : [{ target }]),
    ...(outcome === undefined ? [] : [{ outcome }]),
    // Ids are in the order of time; this reads only a part of the index.
    ...(from === undefined ? [] : [{ _id: { $gte: ulidsFrom(from.getTime()) } }, { time: { $gte: from } }]),
    ...(to === undefined ? [] : [{ _id: { $lt: ulidsFrom(to.getTime() + idAfterTimeMs) } }, { time: { $lt: to } }]),
    ...(requestId === undefined ? [] : [{ requestId }]),
    ...(correlationId === undefined ? [] : [{ correlationId }]),
    ...(operationId === undefined ? [] : [{ operationId }]),
  ];
}

export function createAuditStore({
  ledger,
  logPositions,
}: Pick<ControlDatabase, 'ledger' | 'logPositions'>): AuditStore {
  async function positionsOf(ids: readonly string[]): Promise<Map<string, LogPositionDocument>> {
    const found = await onControl(() =>
      logPositions.find({ entry: { $in: [...ids] } }, { projection: { entry: 1, sequence: 1 } }).toArray(),
    );
    return new Map(found.map((position) => [position.entry, position]));
  }

  async function* audited(documents: readonly Sized<LedgerDocument>[]): AsyncGenerator<Sized<AuditedEntry>> {
    const positions = await positionsOf(documents.map(({ document }) => document._id));
    for (const { document, bytes } of documents) {
      const { _id: id, tenant, openings } = document;
      const position = positions.get(id);
      const openingOf = (pointer: string): string | undefined =>
        openings.find((opening) => opening.pointer === pointer)?.value;
      yield {
        bytes,
        document: {
          id,
          tenant,
          entry: JSON.parse(Buffer.from(document.bytes.value()).toString()) as LedgerEntry,
          subject: openingOf('/actor/subject'),
          onBehalfOf: openingOf('/actor/onBehalfOf'),
          position: position === undefined ? undefined : { index: position._id, sequence: position.sequence },
        },
      };
    }
  }

  return {
    async *search(search, { before, limit }) {
      const conditions = [...filterOf(search), ...(before === undefined ? [] : [{ _id: { $lt: before } }])];
      const filter = conditions.length === 0 ? {} : { $and: conditions };
      let part: Sized<LedgerDocument>[] = [];
      for await (const read of readSized(ledger, filter, { sort: { _id: -1 }, limit })) {
        part.push(read);
        if (part.length < lookedUpAtOnce) continue;
        yield* audited(part);
        part = [];
      }
      yield* audited(part);
    },
    async find(id) {
      const document = await onControl(() => ledger.findOne({ _id: id }));
      if (document === null) return undefined;
      for await (const { document: found } of audited([{ document, bytes: 0 }])) return found;
      return undefined;
    },
  };
}
