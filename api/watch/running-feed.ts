import type { Change, ChangeFeed, Position } from '../../store/change-feed.ts';
import type { GiveBack } from '../shares/quota.ts';

/** Who follows the changes. */
export interface Follower {
  /** Takes a change, or says that it cannot now: then it is told of it, and of all after it, when it goes on. */
  told(change: Change): boolean;
  /** Nothing more comes: the feed was lost, or the process stops. */
  ended(): void;
}

/** One who follows changes, and how far it has been told of them. */
export interface Seat {
  readonly caller: string;
  readonly follower: Follower;
  told: Position;
  /** The feed that tells it; of none while it has not read what it was told. */
  running: Running | undefined;
  /** Of one that its feed waits for. */
  wake: (() => void) | undefined;
  isReaching: boolean;
}

/** A feed as it runs: everything after `start` was read or is to come, and the last of it is in `kept`. */
export interface Running {
  readonly feed: ChangeFeed;
  /** Whose followers it is for; the live one is for everybody's. */
  readonly caller: string | undefined;
  readonly seats: Set<Seat>;
  readonly kept: Change[];
  readonly maxBytes: number;
  keptBytes: number;
  start: Position;
  position: Position;
  /** Makes room for the feed of another. */
  giveBack: GiveBack;
  /** The room goes to a feed that takes its place. */
  passOn(): GiveBack;
  /** Resolves when the seat has taken the change, or is none of this feed any more. */
  taken(seat: Seat, change: Change): Promise<void>;
}

const keptChanges = 2_000;
const nothing: GiveBack = () => undefined;

export function beginRunning(
  feed: ChangeFeed,
  {
    maxBytes,
    caller,
    giveBack = nothing,
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
      const room = running.giveBack;
      running.giveBack = nothing;
      return room;
    },
    async taken(seat, change) {
      while (seat.running === running && !tell(seat, change)) {
        await new Promise<void>((resolve) => {
          seat.wake = resolve;
        });
        seat.wake = undefined;
      }
    },
  };
  return running;
}

/** Keeps a change for who comes back, as long as there is room. */
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

/** Whether the seat has taken the change, now or before. */
export function tell(seat: Seat, change: Change): boolean {
  if (change.position <= seat.told) return true;
  if (!seat.follower.told(change)) return false;
  seat.told = change.position;
  return true;
}

export function release(seat: Seat): void {
  seat.running?.seats.delete(seat);
  seat.running = undefined;
}

/** Gives a seat to a feed that has all after what it was told of, and tells what is kept. */
export function settle(running: Running, seat: Seat): void {
  release(seat);
  seat.running = running;
  running.seats.add(seat);
  for (const change of [...running.kept]) {
    if (!tell(seat, change)) return release(seat);
  }
}

export function handOver({ seats }: Running, to: Running): void {
  for (const seat of [...seats]) {
    settle(to, seat);
    seat.wake?.();
  }
}
