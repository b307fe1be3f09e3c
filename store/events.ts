import type { ResumeToken } from 'mongodb';
import type { EventType } from '../contracts/event-types.ts';
import type { LedgerEntry } from '../contracts/ledger-entry.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { entriesOfPositions } from './entries-of-positions.ts';
import type { LogStore } from './log.ts';
import type { LogPositionDocument } from './log-documents.ts';
import { openStream } from './open-stream.ts';
import { maxReadBytes } from './reading.ts';
import type { Sized } from './reading.ts';

/** Which events are read; what is absent is not restricted. */
export interface EventScope {
  /** Uids. With them, events that concern no single tenant are not read. */
  readonly tenants?: readonly string[];
  readonly types?: ReadonlySet<EventType>;
}

/** An entry with its event, and its place in the log. */
export interface LoggedEvent {
  /** Its index in the log. */
  readonly index: number;
  readonly tenant: string | null;
  readonly type: EventType;
  /** Number among the events of its tenant, from 1. */
  readonly sequence: number;
  readonly entry: LedgerEntry;
}

export interface EventRead {
  /** In the order of the log. */
  readonly events: readonly Sized<LoggedEvent>[];
  /** Everything before this index was read; continue there. */
  readonly readTo: number;
  /** Whether the log had nothing more. */
  readonly isEnd: boolean;
}

export interface LogEnd {
  /**
   * Whether the log is known to have an entry at this index or after it. Waits a moment for one.
   * @throws TenureError control_unavailable
   */
  isPast(index: number): Promise<boolean>;
  close(): Promise<void>;
}

/** The events in the log. */
export interface EventStore {
  /** The index after the last entry of the log. */
  end(): Promise<number>;
  /**
   * Reads at most `limit` events from an index on. It stops early when it has read much, so a page can be empty although
   * others follow.
   * @throws TenureError event_cursor_invalid, if the log ends before that index; ledger_damaged
   */
  read(scope: EventScope, from: number, limit: number): Promise<EventRead>;
  /** The event of the entry with this id, if it is in the log and has one. @throws TenureError ledger_damaged */
  find(id: string): Promise<LoggedEvent | undefined>;
  /** The index of the first entry from this time or later, or the end of the log. */
  indexSince(time: Date): Promise<number>;
  /**
   * The index after the event of a tenant with this sequence.
   * @throws TenureError event_cursor_invalid, if it does not have as many
   */
  indexAfter(tenant: string, sequence: number): Promise<number>;
  /** Follows the end of the log, from now on. @throws TenureError control_unavailable */
  followEnd(): Promise<LogEnd>;
}

/** How many positions one read examines at most. */
const maxExamined = 5_000;
/** mongod merges the sequences of so many tenants; for more, the whole log is examined. */
const maxMerged = 100;
/** An entry has its time from the beginning of its transaction, which ends within eight seconds. Clocks may differ. */
const timeBeforeCommitMs = 20_000;
const maxAwaitMs = 200;

/** Cursors are issued for what a majority has, so this one is of a log that was replaced by an older one. */
function beyondEnd(): TenureError {
  return new TenureError('event_cursor_invalid', 'there are not as many events: begin again, with since');
}

type Projected = Pick<LogPositionDocument, '_id' | 'entry' | 'tenant' | 'event' | 'events'>;
const projection = { entry: 1, tenant: 1, event: 1, events: 1 } as const;

/** The least number from `low` to `high` for which the condition holds; it must hold for all greater ones. `high` if for none. */
async function firstThat(low: number, high: number, condition: (number: number) => Promise<boolean>): Promise<number> {
  let [least, most] = [low, high];
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (await condition(middle)) most = middle;
    else least = middle + 1;
  }
  return least;
}

/** Whether an event of a tenant and type is in a scope. */
export function eventsIn({ tenants, types }: EventScope): (tenant: string | null, type: EventType) => boolean {
  const visible = tenants === undefined ? undefined : new Set<string | null>(tenants);
  return (tenant, type) => visible?.has(tenant) !== false && types?.has(type) !== false;
}

export function createEventStore(
  { logPositions, ledger }: Pick<ControlDatabase, 'logPositions' | 'ledger'>,
  { size: end }: Pick<LogStore, 'size'>,
): EventStore {
  async function examine(tenants: readonly string[] | undefined, from: number): Promise<Projected[]> {
    const merged = tenants !== undefined && tenants.length <= maxMerged;
    return await onControl(() =>
      logPositions
        .find({ ...(merged ? { tenant: { $in: [...tenants] } } : {}), _id: { $gte: from } }, { projection })
        .sort({ _id: 1 })
        .limit(maxExamined)
        .toArray(),
    );
  }

  async function* withEntries(positions: readonly Projected[]): AsyncGenerator<Sized<LoggedEvent>> {
    for await (const { position, entry, bytes } of entriesOfPositions({ ledger }, positions)) {
      const { _id: index, tenant, event: type, events: sequence } = position;
      if (type !== null) yield { document: { index, tenant, type, sequence, entry }, bytes };
    }
  }

  return {
    end,
    async read(scope, from, limit) {
      // Read first: what is added in between is examined, and what is examined ends there at least.
      const ended = await end();
      if (from > ended) throw beyondEnd();
      const isIn = eventsIn(scope);
      const positions = await examine(scope.tenants, from);
      const matching = positions.filter(({ tenant, event }) => event !== null && isIn(tenant, event));
      const events: Sized<LoggedEvent>[] = [];
      let total = 0;
      const readTo = (): number => (events.at(-1)?.document.index ?? from - 1) + 1;
      for await (const event of withEntries(matching.slice(0, limit))) {
        total += event.bytes;
        if (events.length > 0 && total > maxReadBytes) return { events, readTo: readTo(), isEnd: false };
        events.push(event);
      }
      if (matching.length > limit) return { events, readTo: readTo(), isEnd: false };
      const last = positions.at(-1);
      if (last !== undefined && positions.length === maxExamined) return { events, readTo: last._id + 1, isEnd: false };
      return { events, readTo: Math.max(ended, last === undefined ? 0 : last._id + 1), isEnd: true };
    },
    async find(id) {
      const position = await onControl(() => logPositions.findOne({ entry: id }, { projection }));
      if (position === null) return undefined;
      for await (const { document } of withEntries([position])) return document;
      return undefined;
    },
    async indexSince(time) {
      const ended = await end();
      const from = new Date(time.getTime() - timeBeforeCommitMs);
      const first = await firstThat(0, ended, async (index) => {
        const position = await onControl(() => logPositions.findOne({ _id: index }, { projection: { time: 1 } }));
        return position === null || position.time >= from;
      });
      const found = await onControl(() =>
        logPositions.findOne(
          { _id: { $gte: first }, time: { $gte: time } },
          { sort: { _id: 1 }, projection: { _id: 1 } },
        ),
      );
      return found?._id ?? ended;
    },
    async indexAfter(tenant, sequence) {
      const read = (filter: object, sort: 1 | -1) =>
        onControl(() =>
          logPositions.findOne(
            { tenant, ...filter },
            { sort: { sequence: sort }, projection: { sequence: 1, events: 1 } },
          ),
        );
      if (sequence === 0) return 0;
      const last = await read({}, -1);
      if (last === null || last.events < sequence) throw beyondEnd();
      const first = await firstThat(1, last.sequence, async (at) => {
        const position = await read({ sequence: at }, 1);
        return position === null || position.events >= sequence;
      });
      const found = await read({ sequence: first }, 1);
      if (found === null) throw beyondEnd();
      return found._id + 1;
    },
    async followEnd() {
      const stream = await openStream<{ readonly _id: ResumeToken; readonly documentKey: { readonly _id: number } }>(
        logPositions.watch([{ $match: { operationType: 'insert' } }, { $project: { documentKey: 1 } }], {
          maxAwaitTimeMS: maxAwaitMs,
        }),
      );
      return {
        async isPast(index) {
          const { event } = await stream.next();
          return event !== undefined && event.documentKey._id >= index;
        },
        close: () => stream.close(),
      };
    },
  };
}
