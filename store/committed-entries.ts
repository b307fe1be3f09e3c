import { MongoServerError } from 'mongodb';
import type { ResumeToken } from 'mongodb';
import type { EventType } from '../contracts/event-types.ts';
import type { Digest } from '../contracts/identifiers.ts';
import type { LedgerEntry } from '../contracts/ledger-entry.ts';
import { sha256 } from '../contracts/canonical-json.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import type { LedgerDocument } from './documents.ts';
import { openStream, resumingAfter } from './open-stream.ts';
import type { Position } from './open-stream.ts';
import { fullScan, readSized } from './reading.ts';

/** An entry of the ledger, as the log needs it. */
export interface CommittedEntry {
  readonly id: string;
  readonly tenant: string | null;
  readonly digest: Digest;
  /** The type of the event that it has; null if it has none. */
  readonly event: EventType | null;
  readonly time: Date;
}

/** Entries in the order in which they were committed. */
export interface CommittedEntries {
  /** Everything that was committed after this position is returned. */
  readonly start: Position;
  /**
   * The next entry, if there is one within a moment; the position up to which all have been returned, and a time before
   * which nothing else was committed.
   * @throws TenureError control_unavailable
   */
  next(): Promise<{
    readonly entry?: CommittedEntry;
    readonly readTo: Position;
    readonly throughTime: Date;
  }>;
  close(): Promise<void>;
}

export interface CommittedEntryStore {
  /**
   * Follows what is committed after a position, or from now on. Undefined if mongod has not kept the commits since that
   * position. @throws TenureError control_unavailable
   */
  follow(after?: Position): Promise<CommittedEntries | undefined>;
  /**
   * All entries with this id or a later one as of one moment, in the order of their ids. Of two entries, that of a
   * commit that had seen the other's has the later id.
   * @throws TenureError control_unavailable, also if reading takes longer than mongod keeps that moment
   */
  since(id: string): AsyncGenerator<CommittedEntry>;
}

const maxAwaitMs = 500;
const batchSize = 1_000;

const historyLost = 286;
const tokenNotFound = 280;
const invalidToken = 260;
const lostCodes: ReadonlySet<unknown> = new Set([historyLost, tokenNotFound, invalidToken]);

const projection = { tenant: 1, bytes: 1 } as const;
type Projected = Pick<LedgerDocument, '_id' | 'tenant' | 'bytes'>;

function entryOf({ _id: id, tenant, bytes }: Projected): CommittedEntry {
  const stored = Buffer.from(bytes.value());
  const { event, time } = JSON.parse(stored.toString()) as LedgerEntry;
  return { id, tenant, digest: sha256(stored), event: event?.type ?? null, time: new Date(time) };
}

interface InsertEvent {
  readonly _id: ResumeToken;
  readonly wallTime: Date;
  readonly fullDocument: Projected;
}

export function createCommittedEntries(
  { client, ledger }: Pick<ControlDatabase, 'client' | 'ledger'>,
  clock: Pick<ControlClock, 'now'>,
): CommittedEntryStore {
  return {
    async follow(after) {
      try {
        const stream = await openStream<InsertEvent>(
          ledger.watch(
            [
              { $match: { operationType: 'insert' } },
              { $project: { wallTime: 1, 'fullDocument._id': 1, 'fullDocument.tenant': 1, 'fullDocument.bytes': 1 } },
            ],
            {
              batchSize,
              maxAwaitTimeMS: maxAwaitMs,
              ...resumingAfter(after),
            },
          ),
        );
        return {
          start: after ?? stream.start,
          async next() {
            const asked = clock.now();
            const { event, position: readTo } = await stream.next();
            return event === undefined
              ? { readTo, throughTime: asked }
              : { entry: entryOf(event.fullDocument), readTo, throughTime: event.wallTime };
          },
          close: () => stream.close(),
        };
      } catch (error) {
        if (after !== undefined && error instanceof MongoServerError && lostCodes.has(error.code)) return undefined;
        throw error;
      }
    },
    async *since(id) {
      const session = client.startSession({ snapshot: true });
      try {
        const options = { sort: { _id: 1 }, projection, session, batchSize, ...fullScan } as const;
        for await (const { document } of readSized(ledger, { _id: { $gte: id } }, options)) yield entryOf(document);
      } finally {
        await session.endSession();
      }
    },
  };
}
