import { MongoServerError } from 'mongodb';
import type { ResumeToken } from 'mongodb';
import type { Digest } from '../contracts/identifiers.ts';
import { sha256 } from '../contracts/canonical-json.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { asControlError } from './control-errors.ts';
import type { LedgerDocument } from './documents.ts';
import { openStream } from './open-stream.ts';
import { fullScan } from './reading.ts';

/** A position in the order of all commits: a resume token of MongoDB. */
export type StreamPosition = string;

/** An entry of the ledger, as the log needs it. */
export interface CommittedEntry {
  readonly id: string;
  readonly tenant: string | null;
  readonly digest: Digest;
}

/** Entries in the order in which they were committed. */
export interface CommittedEntries {
  /** Everything that was committed after this position is returned. */
  readonly start: StreamPosition;
  /**
   * The next entry, if there is one within a moment; the position up to which all have been returned, and a time before
   * which nothing else was committed.
   * @throws TenureError control_unavailable
   */
  next(): Promise<{
    readonly entry?: CommittedEntry;
    readonly readTo: StreamPosition;
    readonly throughTime: Date;
  }>;
  close(): Promise<void>;
}

export interface CommittedEntryStore {
  /**
   * Follows what is committed after a position, or from now on. Undefined if mongod has not kept the commits since that
   * position. @throws TenureError control_unavailable
   */
  follow(after?: StreamPosition): Promise<CommittedEntries | undefined>;
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

const entryOf = ({ _id: id, tenant, bytes }: Projected): CommittedEntry => ({
  id,
  tenant,
  digest: sha256(bytes.value()),
});

interface InsertEvent {
  readonly _id: ResumeToken;
  readonly wallTime: Date;
  readonly fullDocument: Projected;
}

const positionOf = (token: ResumeToken): StreamPosition => (token as { readonly _data: string })._data;

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
              ...(after === undefined ? {} : { resumeAfter: { _data: after } }),
            },
          ),
        );
        return {
          start: after ?? positionOf(stream.start),
          async next() {
            const asked = clock.now();
            const { event, position } = await stream.next();
            const readTo = positionOf(position);
            return event === undefined
              ? { readTo, throughTime: asked }
              : { entry: entryOf(event.fullDocument), readTo, throughTime: event.wallTime };
          },
          close: () => stream.close(),
        };
      } catch (error) {
        const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
        if (after !== undefined && cause instanceof MongoServerError && lostCodes.has(cause.code)) return undefined;
        throw error;
      }
    },
    async *since(id) {
      const session = client.startSession({ snapshot: true });
      try {
        const found = ledger
          .find({ _id: { $gte: id } }, { projection, session, batchSize, ...fullScan })
          .sort({ _id: 1 });
        for await (const document of found) yield entryOf(document);
      } catch (error) {
        throw asControlError(error);
      } finally {
        await session.endSession();
      }
    },
  };
}
