import { setImmediate as turnOfEvents } from 'node:timers/promises';
import type { Collection, Document, Filter, FindOptions } from 'mongodb';
import { BSON } from 'mongodb';
import { asControlError } from './control-errors.ts';

/** How long mongod may work on one read of control data. After that the read fails with `control_unavailable`. */
const readLimit = { maxTimeMS: 10_000 } as const;
/** For work over all data that a process does when it starts. */
export const fullScan = { maxTimeMS: 600_000 } as const;

/** The position of the options among the arguments of each read. */
const reads: Readonly<Record<string, number>> = {
  find: 1,
  findOne: 1,
  aggregate: 1,
  countDocuments: 1,
  estimatedDocumentCount: 0,
};

/** The same collection, with a time limit on every read. */
export function withBoundedReads<Of extends Document>(collection: Collection<Of>): Collection<Of> {
  return new Proxy(collection, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const optionsIndex = typeof name === 'string' && Object.hasOwn(reads, name) ? reads[name] : undefined;
      if (optionsIndex === undefined) return value.bind(target) as unknown;
      return (...args: unknown[]): unknown => {
        const options = { ...readLimit, ...(args[optionsIndex] as object | undefined) };
        return Reflect.apply(
          value,
          target,
          optionsIndex === 0 ? [options] : [args[0] ?? (name === 'aggregate' ? [] : {}), options],
        ) as unknown;
      };
    },
  });
}

/** A document and its size in the database. In memory it takes three to five times as much. */
export interface Sized<T> {
  readonly document: T;
  readonly bytes: number;
}

/** How much one query reads at most, unless the caller sets another limit. The next query reads the rest. */
export const maxReadBytes = 8 * 1024 * 1024;

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
  maxBytes = maxReadBytes,
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
