import { setImmediate as turnOfEvents } from 'node:timers/promises';
import { BSON } from 'mongodb';
import type { Collection, Document, Filter, FindOptions } from 'mongodb';
import { asControlError } from './control-errors.ts';

/** A document, and how large it is in the database. As values it takes three to five times that. */
export interface Sized<T> {
  readonly document: T;
  readonly bytes: number;
}

/** What one look at many documents reads at most, where the caller does not say otherwise: what comes after that is read by the next look. */
export const lookBytes = 8 * 1024 * 1024;

/** After so many bytes everybody else has a turn: documents of one batch would else be read without a pause. */
const pauseEveryBytes = 256 * 1024;

/** Documents one after the other, of which only the batch that mongod sent is in memory. @throws TenureError control_unavailable */
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

/** The first of them, as many as so many bytes hold, but at least one; `more`: others were left. */
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
