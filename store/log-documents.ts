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
  /** The latest signed head, as a note; null before the first. Absent in documents of an earlier build. */
  checkpoint?: { size: number; note: string } | null;
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

/** A signed head that is kept, so that anybody can compare the log with it later. It never changes. */
export interface CheckpointDocument {
  /** The size of the log. */
  _id: number;
  note: string;
  time: Date;
}

/** A public key that has signed the log: the line that verifiers take. */
export interface LogKeyDocument {
  _id: string;
  firstTime: Date;
}
