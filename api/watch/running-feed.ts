import type { Change, ChangeFeed } from '../../store/change-feed.ts';
import type { Position } from '../../store/open-stream.ts';
import type { GiveBack } from '../shares/quota.ts';

/** A receiver of changes. */
export interface Follower {
  /**
   * Takes a change, or returns false if it cannot now. Then it gets this change and all later ones when it continues.
   */
  take(change: Change): boolean;
  /** No more changes follow: the feed was lost, or the process is stopping. */
  ended(): void;
}

/** A follower and its position in the changes. */
export interface Seat {
  readonly caller: string;
  readonly follower: Follower;
  delivered: Position;
  /** The feed that serves it; undefined while the follower has not read what it got. */
  running: Running | undefined;
  /** Set while its feed waits for this follower. */
  wake: (() => void) | undefined;
  isReaching: boolean;
}

/** A running feed. Every change after `start` has been read or is still to come; the latest ones are in `kept`. */
export interface Running {
  readonly feed: ChangeFeed;
  /** The caller whose followers it serves; undefined for the live feed, which serves all callers. */
  readonly caller: string | undefined;
  readonly seats: Set<Seat>;
  readonly kept: Change[];
  readonly maxBytes: number;
  keptBytes: number;
  start: Position;
  position: Position;
  /** Releases its turn, so that another feed can run. */
  giveBack: GiveBack;
  /** Passes its turn to the feed that replaces it. */
  passOn(): GiveBack;
  /** Resolves when the seat has taken the change, or no longer belongs to this feed. */
  taken(seat: Seat, change: Change): Promise<void>;
}

const keptChanges = 2_000;
const noop: GiveBack = () => undefined;

export function startFeed(
  feed: ChangeFeed,
  {
    maxBytes,
    caller,
    giveBack = noop,
  }: { readonly maxBytes: number; readonly caller?: string; readonly giveBack?: GiveBack },
): Running {
  const running: Running = {
    feed,
    caller,
    seats: new Set(),
    kept: [],
    maxBytes,
    keptBytes: 0,
    start: feed.start,
    position: feed.start,
    giveBack,
    passOn() {
      const current = running.giveBack;
      running.giveBack = noop;
      return current;
    },
    async taken(seat, change) {
      while (seat.running === running && !deliver(seat, change)) {
        await new Promise<void>((resolve) => {
          seat.wake = resolve;
        });
        seat.wake = undefined;
      }
    },
  };
  return running;
}

/** Keeps a change for followers that reconnect, while there is room. */
export function keep(running: Running, change: Change): void {
  running.kept.push(change);
  running.keptBytes += change.bytes;
  while (running.kept.length > keptChanges || running.keptBytes > running.maxBytes) {
    const dropped = running.kept.shift();
    if (dropped === undefined) return;
    running.start = dropped.position;
    running.keptBytes -= dropped.bytes;
  }
}

/** Delivers a change. Returns whether the seat has taken it, now or before. */
export function deliver(seat: Seat, change: Change): boolean {
  if (change.position <= seat.delivered) return true;
  if (!seat.follower.take(change)) return false;
  seat.delivered = change.position;
  return true;
}

export function release(seat: Seat): void {
  seat.running?.seats.delete(seat);
  seat.running = undefined;
}

/** Attaches a seat to a feed that has all changes it needs, and delivers the kept ones. */
export function attach(running: Running, seat: Seat): void {
  release(seat);
  seat.running = running;
  running.seats.add(seat);
  for (const change of [...running.kept]) {
    if (!deliver(seat, change)) return release(seat);
  }
}

export function handOver({ seats }: Running, to: Running): void {
  for (const seat of [...seats]) {
    attach(to, seat);
    seat.wake?.();
  }
}
