import { TenureError } from '../../domain/tenure-error.ts';
import { withinMs } from '../../platform/deadline.ts';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { OpenChangeFeed } from '../../store/change-feed.ts';
import type { Position } from '../../store/open-stream.ts';
import type { GiveBack } from '../shares/quota.ts';
import { createFairQueue } from '../shares/fair-queue.ts';
import { startFeed, handOver, keep, release, attach, deliver } from './running-feed.ts';
import type { Follower, Running, Seat } from './running-feed.ts';

export interface Following {
  /** The follower gets every change after this position. */
  readonly from: Position;
  /** All changes that the follower has not got yet come after this position. */
  position(): Position;
  /** Continues after the follower could not take a change: it has room again. */
  resume(): void;
  stop(): void;
}

/** One shared feed for all followers in this process, and one extra feed for each caller that has missed changes. */
export interface ChangeHub {
  /**
   * Delivers all changes after a position, or from now on if none is given. Stops looking for changes once `gone`
   * aborts.
   * @throws TenureError watch_expired if some of the changes are no longer known, watch_unavailable,
   * control_unavailable
   */
  follow(after: Position | undefined, caller: string, follower: Follower, gone?: AbortSignal): Promise<Following>;
}

export interface ChangeHubDependencies {
  readonly open: OpenChangeFeed;
  readonly maxFollowers: number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly stopping: AbortSignal;
}

/** Size of the recent changes kept for followers that reconnect. As values they take several times as much memory. */
const keptBytes = { live: 4 * 1024 * 1024, catchUp: 256 * 1024 };
/** How many callers may catch up at one time; others wait for their turn. */
const maxCatchingUp = 16;
const timeoutMs = 10_000;

export function createChangeHub({ open, maxFollowers, logger, stopping }: ChangeHubDependencies): ChangeHub {
  const seats = new Set<Seat>();
  /**
   * Delivers changes as they happen. It never goes back and never waits: a follower that cannot take a change must
   * catch up.
   */
  let live: Running | undefined;
  let openingLive: Promise<void> | undefined;
  /** By caller: delivers the changes that its followers have missed, at their pace, until it reaches the live feed. */
  const catchUpFeeds = new Map<string, Running>();
  const catchUpQueue = createFairQueue({ perCaller: 1, total: maxCatchingUp });
  /** Feeds of one caller are opened one after another. */
  const openings = new Map<string, Promise<unknown>>();

  const runs = (running: Running): boolean => running === live || catchUpFeeds.get(running.caller ?? '') === running;
  const isNeeded = (running: Running): boolean => (running === live ? seats.size > 0 : running.seats.size > 0);

  async function pump(running: Running): Promise<void> {
    try {
      while (runs(running) && isNeeded(running)) {
        const { change, position } = await running.feed.next();
        // Another feed has replaced it.
        if (!runs(running)) break;
        if (change !== undefined) {
          keep(running, change);
          for (const seat of [...running.seats]) {
            if (deliver(seat, change)) continue;
            if (running === live) release(seat);
            else await running.taken(seat, change);
          }
        }
        if (!runs(running)) break;
        running.position = position;
        if (running !== live && live !== undefined && position >= live.start) {
          catchUpFeeds.delete(running.caller ?? '');
          handOver(running, live);
        }
      }
    } catch (error) {
      if (runs(running)) {
        if (!stopping.aborted) logger.warn('the change feed was lost; followers reconnect', errorFields(error));
        end(running === live ? [...seats] : [...running.seats]);
      }
    }
    if (running === live) live = undefined;
    if (catchUpFeeds.get(running.caller ?? '') === running) catchUpFeeds.delete(running.caller ?? '');
    running.giveBack();
    await running.feed.close().catch(() => undefined);
  }

  function leave(seat: Seat): void {
    seats.delete(seat);
    release(seat);
    seat.wake?.();
  }

  function end(ended: readonly Seat[]): void {
    for (const seat of ended) {
      leave(seat);
      seat.follower.ended();
    }
  }

  stopping.addEventListener('abort', () => end([...seats]));

  async function requireLive(): Promise<Running> {
    if (live !== undefined) return live;
    openingLive ??= open()
      .then((feed) => {
        live = startFeed(feed, { maxBytes: keptBytes.live });
        void pump(live);
      })
      .finally(() => {
        openingLive = undefined;
      });
    await openingLive;
    return requireLive();
  }

  function inSequence<T>(caller: string, work: () => Promise<T>): Promise<T> {
    const done = (openings.get(caller) ?? Promise.resolve()).then(work);
    const ended = done
      .catch(() => undefined)
      .finally(() => {
        if (openings.get(caller) === ended) openings.delete(caller);
      });
    openings.set(caller, ended);
    return done;
  }

  /** The running feed that has all changes that the seat still needs. */
  const feedFor = (seat: Seat): Running | undefined =>
    [live, catchUpFeeds.get(seat.caller)].find((running) => running !== undefined && seat.delivered >= running.start);

  async function acquireTurn(caller: string): Promise<GiveBack> {
    const turn = catchUpQueue.next(caller);
    const timeoutError = (): TenureError =>
      new TenureError('watch_unavailable', 'too many callers are catching up on missed changes');
    try {
      return await withinMs(timeoutMs, turn, timeoutError);
    } catch (error) {
      void turn.then((giveBack) => giveBack());
      throw error;
    }
  }

  async function openCatchUpFeed(seat: Seat): Promise<void> {
    const own = catchUpFeeds.get(seat.caller);
    const giveBack = own === undefined ? await acquireTurn(seat.caller) : own.passOn();
    try {
      // All waiting followers of the caller share one feed, which starts at the earliest of their positions.
      const waiting = [...seats].filter(
        ({ caller, running, isReaching, delivered }) =>
          caller === seat.caller && running === undefined && isReaching && delivered !== '',
      );
      const from = waiting.reduce((least, { delivered }) => (delivered < least ? delivered : least), seat.delivered);
      const feed = await open(from).catch((error: unknown) => {
        if (from === seat.delivered) throw error;
        return open(seat.delivered);
      });
      const started = startFeed(feed, { maxBytes: keptBytes.catchUp, caller: seat.caller, giveBack });
      const before = catchUpFeeds.get(seat.caller);
      catchUpFeeds.set(seat.caller, started);
      for (const other of waiting)
        if (seats.has(other) && other.running === undefined && other.delivered >= started.start) attach(started, other);
      // Followers that have missed less do not get a change twice.
      if (before !== undefined) handOver(before, started);
      void pump(started);
    } catch (error) {
      if (own !== undefined && runs(own)) own.giveBack = giveBack;
      else giveBack();
      throw error;
    }
  }

  async function reach(seat: Seat): Promise<void> {
    await requireLive();
    if (!seats.has(seat)) return;
    const known = feedFor(seat);
    if (known !== undefined) return attach(known, seat);
    await inSequence(seat.caller, async () => {
      // The follower is gone, or another one's feed already includes it.
      if (!seats.has(seat) || seat.running !== undefined) return;
      const opened = feedFor(seat);
      if (opened !== undefined) attach(opened, seat);
      else await openCatchUpFeed(seat);
    });
  }

  function resume(seat: Seat): void {
    if (seat.wake !== undefined) seat.wake();
    else if (seats.has(seat) && seat.running === undefined && !seat.isReaching) {
      seat.isReaching = true;
      reach(seat)
        .catch(() => end([seat]))
        .finally(() => {
          seat.isReaching = false;
        });
    }
  }

  return {
    async follow(after, caller, follower, gone) {
      if (stopping.aborted || seats.size >= maxFollowers)
        throw new TenureError(
          'watch_unavailable',
          stopping.aborted ? 'this process is stopping' : `all ${maxFollowers} watches of this process are in use`,
        );
      const seat: Seat = {
        caller,
        follower,
        delivered: after ?? '',
        running: undefined,
        wake: undefined,
        isReaching: true,
      };
      seats.add(seat);
      gone?.addEventListener('abort', () => leave(seat), { once: true });
      try {
        const running = await requireLive();
        if (after === undefined) {
          seat.delivered = running.position;
          attach(running, seat);
        } else await reach(seat);
      } catch (error) {
        leave(seat);
        throw error;
      } finally {
        seat.isReaching = false;
      }
      const from = after ?? seat.delivered;
      return {
        from,
        position() {
          const { running, delivered } = seat;
          // While the feed catches up for others, it can be behind this follower.
          return running !== undefined && running.position > delivered ? running.position : delivered;
        },
        resume: () => resume(seat),
        stop: () => leave(seat),
      };
    },
  };
}
