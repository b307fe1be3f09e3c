import { setImmediate as turnOfEvents } from 'node:timers/promises';
import { BSON } from 'mongodb';
import type { Collection, Document, Filter, FindOptions } from 'mongodb';
import { asControlError } from './control-errors.ts';

/** A document and its size in the database. In memory it takes three to five times as much. */
export interface Sized<T> {
  readonly document: T;
  readonly bytes: number;
}

/** How much one query reads at most, unless the caller sets another limit. The next query reads the rest. */
export const lookBytes = 8 * 1024 * 1024;

/**
 * After this many bytes the event loop gets a turn: otherwise all documents of a batch would be processed without a
 * pause.
 */
const pauseEveryBytes = 256 * 1024;

/**
 * Yields documents one by one; only the batch that mongod sent is in memory.
 * @throws TenureError control_unavailable
 */
export async function* readSized<Stored extends Document>(
  collection: Collection<Stored>,
  filter: Filter<Stored>,
  options: FindOptions,
): AsyncGenerator<Sized<Stored>> {
  const cursor = collection.find(filter, { ...options, raw: true });
  let sincePause = 0;
  try {
    for await (const raw of cursor as AsyncIterable<unknown> as AsyncIterable<Uint8Array>) {
      yield { document: BSON.deserialize(raw) as Stored, bytes: raw.length };
      sincePause += raw.length;
      if (sincePause < pauseEveryBytes) continue;
      sincePause = 0;
      await turnOfEvents();
    }
  } catch (error) {
    throw asControlError(error);
  } finally {
    await cursor.close();
  }
}

/** The first documents, up to this many bytes, but at least one. `more`: there are others. */
export async function readWithin<T>(
  documents: AsyncIterable<Sized<T>>,
  maxBytes = lookBytes,
): Promise<{ readonly documents: T[]; readonly more: boolean }> {
  const read: T[] = [];
  let total = 0;
  for await (const { document, bytes } of documents) {
    total += bytes;
    if (read.length > 0 && total > maxBytes) return { documents: read, more: true };
    read.push(document);
  }
  return { documents: read, more: false };
}

export async function* mapSized<From, To>(
  documents: AsyncIterable<Sized<From>>,
  map: (document: From) => To,
): AsyncGenerator<Sized<To>> {
  for await (const { document, bytes } of documents) yield { document: map(document), bytes };
}
