import type { Binary } from 'mongodb';
import type { EventType } from '../contracts/event-types.ts';

/** How far the log is, and which process extends it. There is one document. */
export interface LogHeadDocument {
  _id: 'head';
  size: number;
  root: Binary;
  /** Where to continue to read the ledger: a position of its change stream. */
  readTo: string | null;
  throughTime: Date;
  holder: string | null;
  /** Increases with each holder. */
  fence: number;
  until: Date;
}

/** The place of one entry in the log. It never changes. */
export interface LogPositionDocument {
  /** Its index in the log. */
  _id: number;
  entry: string;
  tenant: string | null;
  sequence: number;
  /** The type of the event that the entry has; null if it has none. */
  event: EventType | null;
  /** How many entries of the tenant up to this one have an event: the sequence of its event. */
  events: number;
  /** The time of the entry. */
  time: Date;
  /** The exact bytes that are hashed into the tree. */
  leaf: Binary;
}

/** A full tile of the tree. It never changes. */
export interface LogTileDocument {
  _id: { level: number; index: number };
  /** 256 hashes, one after the other. */
  hashes: Binary;
}
