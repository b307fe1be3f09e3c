import { setTimeout as delay } from 'node:timers/promises';
import type { CommittedEntries, CommittedEntry } from '../../store/committed-entries.ts';
import type { Position } from '../../store/open-stream.ts';

/** Entries that were read and are not sequenced yet. */
export interface PendingEntries {
  /**
   * Resolves with what was read since the last call, at most `count`, `gatherMs` after the first of them was read; or,
   * when nothing was committed for `waitMs` or the signal was given, with no entries and the position up to which there
   * are none. Rejects if reading failed.
   */
  take(options: TakeOptions): Promise<Taken>;
  close(): Promise<void>;
}

export interface TakeOptions {
  readonly count: number;
  readonly gatherMs: number;
  readonly waitMs: number;
}

export interface Taken {
  readonly entries: readonly CommittedEntry[];
  readonly readTo: Position;
  readonly throughTime: Date;
  /** When the first of the entries was committed, by mongod's clock. */
  readonly since?: Date;
}

/** How many entries are read ahead, while others are committed to the log. */
const readAhead = 4_000;
const readPauseMs = 1_000;

interface Read {
  readonly entry: CommittedEntry;
  readonly readTo: Position;
  readonly throughTime: Date;
}

/**
 * Reads ahead of the sequencer, so that it commits what has come meanwhile in one batch. `throughTime` is that of the
 * stream's start.
 */
export function createPending(stream: CommittedEntries, throughTime: Date, signal: AbortSignal): PendingEntries {
  const queue: Read[] = [];
  let last: Pick<Taken, 'readTo' | 'throughTime'> = { readTo: stream.start, throughTime };
  const isEmpty = (): boolean => queue.length === 0;
  let failure: unknown;
  const closing = new AbortController();
  const changed = new EventTarget();
  const tell = (): boolean => changed.dispatchEvent(new Event('change'));

  function untilChange(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        changed.removeEventListener('change', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      changed.addEventListener('change', done);
      signal.addEventListener('abort', done);
    });
  }

  async function readAll(): Promise<void> {
    while (!closing.signal.aborted) {
      if (queue.length >= readAhead) {
        await untilChange(readPauseMs);
        continue;
      }
      const { entry, ...read } = await stream.next();
      if (entry === undefined) last = read;
      else if (queue.push({ entry, ...read }) === 1) tell();
    }
  }
  const reading = readAll().catch((error: unknown) => {
    failure = error ?? new Error('reading ended');
    tell();
  });

  return {
    async take({ count, gatherMs, waitMs }) {
      if (isEmpty() && failure === undefined && !signal.aborted) {
        await untilChange(waitMs);
        if (!isEmpty()) await delay(gatherMs);
      }
      if (failure !== undefined) throw failure;
      const taken = queue.splice(0, count);
      tell();
      const [first, end] = [taken[0], taken.at(-1)];
      if (first === undefined || end === undefined) return { entries: [], ...last };
      last = { readTo: end.readTo, throughTime: end.throughTime };
      return { entries: taken.map(({ entry }) => entry), ...last, since: first.throughTime };
    },
    async close() {
      closing.abort();
      tell();
      await stream.close().catch(() => undefined);
      await reading;
    },
  };
}
