import { Binary } from 'mongodb';
import type { Document } from 'mongodb';
import type { EventType } from '../contracts/event-types.ts';
import { emptyRoot, leafHash } from '../contracts/log/merkle-tree.ts';
import type { Hash } from '../contracts/log/merkle-tree.ts';
import type { Tile } from '../contracts/log/tiles.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlDatabase } from './control-database.ts';
import { asControlError, isDuplicateKey, onControl } from './control-errors.ts';
import type { LogHeadDocument, LogPositionDocument, LogTileDocument } from './log-documents.ts';
import type { Position } from './open-stream.ts';

/** How far the log was when its sequencer last recorded it. Positions may follow that are not in it yet. */
export interface LogHead {
  readonly size: number;
  /** The root of the tree of this size. */
  readonly root: Hash;
  /** Where to continue to read the ledger; null before the first time. */
  readonly readTo: Position | null;
  /** Everything that was committed before this time is in the log. */
  readonly throughTime: Date;
  /** The latest signed head, as a note. It can be of a smaller size. */
  readonly checkpoint: SignedSize | null;
}

export interface SignedSize {
  readonly size: number;
  readonly note: string;
}

/** Says which process extends the log, until another one takes over. */
export interface LogLease {
  readonly fence: number;
}

/** One sequenced entry. */
export interface LogPosition {
  readonly index: number;
  /** Id of the entry. */
  readonly entry: string;
  /** Uid; null for the sequence of what concerns no single tenant. */
  readonly tenant: string | null;
  readonly sequence: number;
  /** The type of its event, if it has one. */
  readonly event: EventType | null;
  /** How many entries of the tenant up to this one have an event: the sequence of its event. */
  readonly events: number;
  /** The time of the entry. */
  readonly time: Date;
  /** The exact bytes of the leaf. */
  readonly leaf: Buffer;
  /** The RFC 6962 hash of the leaf; not stored. */
  readonly hash: Hash;
}

/** The end of a tenant's sequence. */
export type SequenceEnd = Pick<LogPosition, 'sequence' | 'events' | 'hash'>;

/** The log: the order of all entries, and the tree over it. Entries themselves are in the ledger. */
export interface LogStore {
  /** The number of positions. */
  size(): Promise<number>;
  head(): Promise<LogHead>;
  /** Takes the lease for `leaseMs` by mongod's clock, if nobody else has it. */
  takeOver(holder: string, leaseMs: number): Promise<{ readonly lease: LogLease; readonly head: LogHead } | undefined>;
  /** Records how far the log is, and extends the lease. @throws TenureError fenced, if another process has it */
  record(lease: LogLease, head: LogHead, leaseMs: number): Promise<void>;
  /** Ends the lease, so that another process need not wait for its end. */
  release(lease: LogLease): Promise<void>;
  /**
   * Adds positions, the first of them right after the last one of the log. If it fails, a part of them may have been
   * added, from the first on.
   * @throws TenureError fenced, if another process has added positions, or one of the entries has one already: what the
   * caller knows of the log is out of date; control_unavailable
   */
  append(positions: readonly LogPosition[]): Promise<void>;
  /** Stores full tiles; those that are there stay as they are. */
  addTiles(tiles: readonly Tile[]): Promise<void>;
  /** The ends of these tenants' sequences; a tenant without entries has none. */
  endsOf(tenants: readonly (string | null)[]): Promise<Map<string | null, SequenceEnd>>;
  /** Which of these entries are in the log. */
  sequenced(entries: readonly string[]): Promise<Set<string>>;
  /** Positions from `first` on, in order. */
  positions(first: number, count: number): Promise<LogPosition[]>;
  /** Full tiles of a level, from the tile `first` on. */
  tiles(level: number, first: number, count: number): Promise<Tile[]>;
}

const headId = 'head';
const hashBytes = 32;

/** The head before the first entry. */
const emptyLog: LogHead = { size: 0, root: emptyRoot, readTo: null, throughTime: new Date(0), checkpoint: null };

function positionOf({ _id: index, leaf: stored, ...position }: LogPositionDocument): LogPosition {
  const leaf = Buffer.from(stored.value());
  return { index, ...position, leaf, hash: leafHash(leaf) };
}

const headOf = ({ size, root, readTo, throughTime, checkpoint = null }: LogHeadDocument): LogHead => ({
  size,
  root: Buffer.from(root.value()),
  readTo,
  throughTime,
  checkpoint,
});

const tileId = ({ level, index }: Pick<Tile, 'level' | 'index'>): LogTileDocument['_id'] => ({ level, index });

function tileOf({ _id: { level, index }, hashes }: LogTileDocument): Tile {
  const bytes = Buffer.from(hashes.value());
  return {
    level,
    index,
    hashes: Array.from({ length: bytes.length / hashBytes }, (_, at) =>
      bytes.subarray(at * hashBytes, (at + 1) * hashBytes),
    ),
  };
}

export function createLogStore({
  logHead,
  logPositions,
  logTiles,
}: Pick<ControlDatabase, 'logHead' | 'logPositions' | 'logTiles'>): LogStore {
  const until = (leaseMs: number): Document => ({ $add: ['$$NOW', leaseMs] });

  async function insertHead(): Promise<void> {
    const { root, ...rest } = emptyLog;
    const inserted = { ...rest, root: new Binary(root), holder: null, fence: 0, until: new Date(0) };
    try {
      await logHead.updateOne({ _id: headId }, { $setOnInsert: inserted }, { upsert: true });
    } catch (error) {
      // Another process has inserted it.
      if (!isDuplicateKey(error)) throw asControlError(error);
    }
  }

  return {
    size: () =>
      onControl(async () => {
        const last = await logPositions.findOne({}, { sort: { _id: -1 }, projection: { _id: 1 } });
        return last === null ? 0 : last._id + 1;
      }),
    async head() {
      const found = await onControl(() => logHead.findOne({ _id: headId }));
      return found === null ? emptyLog : headOf(found);
    },
    async takeOver(holder, leaseMs) {
      const take = (): Promise<LogHeadDocument | null> =>
        onControl(() =>
          logHead.findOneAndUpdate(
            { _id: headId, $expr: { $or: [{ $eq: ['$holder', holder] }, { $lt: ['$until', '$$NOW'] }] } },
            [{ $set: { holder: { $literal: holder }, until: until(leaseMs), fence: { $add: ['$fence', 1] } } }],
            { returnDocument: 'after' },
          ),
        );
      let found = await take();
      if (found === null && (await onControl(() => logHead.findOne({ _id: headId }))) === null) {
        await insertHead();
        found = await take();
      }
      return found === null ? undefined : { lease: { fence: found.fence }, head: headOf(found) };
    },
    async record({ fence }, { size, root, readTo, throughTime, checkpoint }, leaseMs) {
      const fields = {
        size,
        root: { $literal: new Binary(root) },
        readTo: { $literal: readTo },
        throughTime,
        checkpoint: { $literal: checkpoint },
      };
      const { matchedCount } = await onControl(() =>
        logHead.updateOne({ _id: headId, fence }, [{ $set: { ...fields, until: until(leaseMs) } }]),
      );
      if (matchedCount === 0) throw outOfDate();
    },
    async release({ fence }) {
      await onControl(() => logHead.updateOne({ _id: headId, fence }, { $set: { until: new Date(0) } }));
    },
    async append(positions) {
      try {
        // In order: if another process has the place of the first one, nothing is added.
        await logPositions.insertMany(
          positions.map(({ index, leaf, hash: _derived, ...position }) => ({
            _id: index,
            ...position,
            leaf: new Binary(leaf),
          })),
          { ordered: true },
        );
      } catch (error) {
        throw isDuplicateKey(error) ? outOfDate() : asControlError(error);
      }
    },
    async addTiles(tiles) {
      try {
        await logTiles.insertMany(
          tiles.map((tile) => ({ _id: tileId(tile), hashes: new Binary(Buffer.concat(tile.hashes)) })),
          { ordered: false },
        );
      } catch (error) {
        if (!isDuplicateKey(error)) throw asControlError(error);
      }
    },
    async endsOf(tenants) {
      const found = await onControl(() =>
        logPositions
          .aggregate<{ _id: string | null; last: Pick<LogPositionDocument, 'sequence' | 'events' | 'leaf'> }>([
            { $match: { tenant: { $in: [...tenants] } } },
            { $sort: { tenant: 1, sequence: -1 } },
            {
              $group: { _id: '$tenant', last: { $first: { sequence: '$sequence', events: '$events', leaf: '$leaf' } } },
            },
          ])
          .toArray(),
      );
      return new Map(
        found.map(({ _id, last: { sequence, events, leaf } }) => [
          _id,
          { sequence, events, hash: leafHash(leaf.value()) },
        ]),
      );
    },
    async sequenced(entries) {
      const found = await onControl(() =>
        logPositions.find({ entry: { $in: [...entries] } }, { projection: { _id: 0, entry: 1 } }).toArray(),
      );
      return new Set(found.map(({ entry }) => entry));
    },
    positions: (first, count) =>
      onControl(async () => {
        const found = await logPositions
          .find({ _id: { $gte: first } })
          .sort({ _id: 1 })
          .limit(count)
          .toArray();
        return found.map(positionOf);
      }),
    tiles: (level, first, count) =>
      onControl(async () => {
        const ids = Array.from({ length: count }, (_, at) => tileId({ level, index: first + at }));
        const found = await logTiles
          .find({ _id: { $in: ids } })
          .sort({ _id: 1 })
          .toArray();
        return found.map(tileOf);
      }),
  };
}

function outOfDate(): TenureError {
  return new TenureError('fenced', 'another process has taken the log over');
}
