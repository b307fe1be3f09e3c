import { setTimeout as delay } from 'node:timers/promises';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { EventStore, LogEnd, LoggedEvent } from '../../store/events.ts';
import type { Sized } from '../../store/reading.ts';

/** The latest events, in memory, for all who follow them in this process. */
export interface EventFeed {
  /** Resolves when events are read as they happen. @throws TenureError control_unavailable */
  join(): Promise<FeedSeat>;
}

export interface FeedSeat {
  /** The index after the last entry that was read. */
  end(): number;
  /** The events from an index on. Undefined if they are not in memory, and must be read from the log. */
  recent(from: number): readonly LoggedEvent[] | undefined;
  /**
   * Resolves when more was read, or when the feed has ended: then the follower must join again. Also when `signal` is
   * given.
   */
  grown(signal?: AbortSignal): Promise<void>;
  hasEnded(): boolean;
  leave(): void;
}

export interface EventFeedDependencies {
  readonly events: Pick<EventStore, 'end' | 'read' | 'followEnd'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly stopping: AbortSignal;
}

const keptBytes = 4 * 1024 * 1024;
const readAtOnce = 500;
/** Each read takes up what is added to the log in this time. */
const gatherMs = 10;

interface Running {
  readonly kept: Sized<LoggedEvent>[];
  keptBytes: number;
  /** What is in the log from here on is in `kept`. */
  start: number;
  end: number;
  hasEnded: boolean;
  /** Called once, when it has grown or ended. */
  readonly waiting: Set<() => void>;
  seats: number;
}

export function createEventFeed({ events, logger, stopping }: EventFeedDependencies): EventFeed {
  let running: Promise<Running> | undefined;

  function tell({ waiting }: Running): void {
    for (const resolve of waiting) resolve();
    waiting.clear();
  }

  function keep(feed: Running, read: readonly Sized<LoggedEvent>[], readTo: number): void {
    for (const event of read) {
      feed.kept.push(event);
      feed.keptBytes += event.bytes;
    }
    feed.end = readTo;
    while (feed.keptBytes > keptBytes) {
      const dropped = feed.kept.shift();
      if (dropped === undefined) break;
      feed.keptBytes -= dropped.bytes;
      feed.start = dropped.document.index + 1;
    }
    tell(feed);
  }

  async function readOn(feed: Running, bell: LogEnd): Promise<void> {
    while (feed.seats > 0 && !stopping.aborted) {
      if (!(await bell.isPast(feed.end))) continue;
      await delay(gatherMs);
      for (let isEnd = false; !isEnd;) {
        const read = await events.read({}, feed.end, readAtOnce);
        keep(feed, read.events, read.readTo);
        ({ isEnd } = read);
      }
    }
  }

  async function run(feed: Running, bell: LogEnd): Promise<void> {
    try {
      await readOn(feed, bell);
    } catch (error) {
      if (!stopping.aborted) logger.warn('the event feed was lost; followers reconnect', errorFields(error));
    }
    feed.hasEnded = true;
    running = undefined;
    tell(feed);
    await bell.close().catch(() => undefined);
  }

  async function start(): Promise<Running> {
    // Opened first, so that it tells of everything that is added after the end was read.
    const bell = await events.followEnd();
    try {
      const end = await events.end();
      const feed: Running = { kept: [], keptBytes: 0, start: end, end, hasEnded: false, waiting: new Set(), seats: 1 };
      void run(feed, bell);
      return feed;
    } catch (error) {
      running = undefined;
      await bell.close().catch(() => undefined);
      throw error;
    }
  }

  async function requireRunning(): Promise<Running> {
    if (running === undefined) return await (running = start().catch(forget));
    const feed = await running;
    if (feed.hasEnded) return requireRunning();
    feed.seats += 1;
    return feed;
  }

  function forget(error: unknown): never {
    running = undefined;
    throw error;
  }

  return {
    async join() {
      const feed = await requireRunning();
      let isHere = true;
      return {
        end: () => feed.end,
        recent(from) {
          if (from < feed.start) return undefined;
          const before = feed.kept.findLastIndex(({ document }) => document.index < from);
          return feed.kept.slice(before + 1).map(({ document }) => document);
        },
        grown: (signal) =>
          feed.hasEnded || signal?.aborted === true
            ? Promise.resolve()
            : new Promise((resolve) => {
                feed.waiting.add(resolve);
                signal?.addEventListener('abort', () => {
                  feed.waiting.delete(resolve);
                  resolve();
                });
              }),
        hasEnded: () => feed.hasEnded,
        leave() {
          if (isHere) feed.seats -= 1;
          isHere = false;
        },
      };
    },
  };
}
