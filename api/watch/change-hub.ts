import { TenureError } from '../../domain/tenure-error.ts';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Change, ChangeFeed, OpenChangeFeed, Position } from '../../store/change-feed.ts';

/** Who follows the changes. */
export interface Follower {
  told(change: Change): void;
  /** Nothing more comes: the feed was lost, or the process stops. */
  ended(): void;
}

export interface Following {
  /** Everything after this is told of. */
  readonly from: Position;
  /** All that the follower was not told of comes after this. */
  position(): Position;
  stop(): void;
}

/** One feed for everybody in this process who follows changes, however many they are, and another for those who have missed some. */
export interface ChangeHub {
  /**
   * Tells of all changes after a position; from now on where none is given.
   * @throws TenureError watch_expired when not all of them are known any more, watch_unavailable, control_unavailable
   */
  follow(after: Position | undefined, follower: Follower): Promise<Following>;
}

export interface ChangeHubDependencies {
  readonly open: OpenChangeFeed;
  readonly maxFollowers: number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly stopping: AbortSignal;
}

/** So many of the last changes are kept, for those who come back after a lost connection. */
const keptChanges = 2_000;

/** A feed as it runs: everything after `start` was read or is to come, and the last of it is in `kept`. */
interface Running {
  readonly feed: ChangeFeed;
  start: Position;
  position: Position;
  readonly kept: Change[];
  /** With what each has been told. */
  readonly followers: Map<Follower, Position>;
}

function tell({ followers }: Running, follower: Follower, change: Change): void {
  const told = followers.get(follower);
  if (told === undefined || change.position <= told) return;
  followers.set(follower, change.position);
  follower.told(change);
}

function keep(running: Running, change: Change): void {
  running.kept.push(change);
  const dropped = running.kept.length > keptChanges ? running.kept.shift() : undefined;
  if (dropped !== undefined) running.start = dropped.position;
}

function take(running: Running, follower: Follower, told: Position): void {
  running.followers.set(follower, told);
  for (const change of [...running.kept]) tell(running, follower, change);
}

export function createChangeHub({ open, maxFollowers, logger, stopping }: ChangeHubDependencies): ChangeHub {
  /** Of those who are told of changes as they happen. It never goes back. */
  let live: Running | undefined;
  /** Of those who go over what they have missed, until they have reached the live one. One who has missed more takes it back with all of them. */
  let late: Running | undefined;
  /** Feeds are opened one after the other: each newcomer sees what the one before has opened. */
  let opening: Promise<unknown> = Promise.resolve();

  const runs = (running: Running): boolean => running === live || running === late;
  const isNeeded = (running: Running): boolean => running.followers.size > 0 || (running === live && late !== undefined);

  async function pump(running: Running): Promise<void> {
    try {
      while (runs(running) && isNeeded(running)) {
        const { change, position } = await running.feed.next();
        // Another has taken its place.
        if (!runs(running)) break;
        running.position = position;
        if (change !== undefined) {
          keep(running, change);
          for (const follower of running.followers.keys()) tell(running, follower, change);
        }
        if (running === late && live !== undefined && position >= live.start) handOver(running, live);
      }
    } catch (error) {
      if (runs(running)) {
        if (!stopping.aborted) logger.warn('the feed of changes is lost; who follows it comes back', errorFields(error));
        // Who is late is to be handed over to the live feed; the live one needs nobody.
        end(running === live ? [live, late] : [running]);
      }
    }
    if (running === live) live = undefined;
    if (running === late) late = undefined;
    await running.feed.close().catch(() => undefined);
  }

  function handOver({ followers }: Running, to: Running): void {
    late = undefined;
    for (const [follower, told] of followers) take(to, follower, told);
  }

  function end(feeds: readonly (Running | undefined)[]): void {
    const ended = feeds.flatMap((running) => [...(running?.followers.keys() ?? [])]);
    for (const running of feeds) running?.followers.clear();
    for (const follower of ended) follower.ended();
  }

  stopping.addEventListener('abort', () => end([live, late]));

  async function begin(after: Position | undefined): Promise<Running> {
    const feed = await open(after);
    return { feed, start: feed.start, position: feed.start, kept: [], followers: new Map() };
  }

  /** The feed that has all after the position. */
  async function reach(after: Position | undefined): Promise<Running> {
    live ??= await begin(undefined);
    if (after === undefined || after >= live.start) return live;
    if (late !== undefined && after >= late.start) return late;
    const begun = await begin(after);
    for (const [follower, told] of late?.followers ?? []) begun.followers.set(follower, told);
    return (late = begun);
  }

  async function join(after: Position | undefined, follower: Follower): Promise<Position> {
    const all = (live?.followers.size ?? 0) + (late?.followers.size ?? 0);
    if (stopping.aborted || all >= maxFollowers) throw new TenureError('watch_unavailable', stopping.aborted ? 'this process stops' : `${maxFollowers} watches are open`);
    const before = [live, late];
    try {
      let running: Running;
      // What ran may have ended meanwhile, for want of followers.
      do running = await reach(after);
      while (live === undefined || !runs(running));
      const from = after ?? running.position;
      take(running, follower, from);
      return from;
    } finally {
      for (const running of [live, late]) if (running !== undefined && !before.includes(running)) void pump(running);
    }
  }

  return {
    async follow(after, follower) {
      const joined = opening.then(() => join(after, follower));
      opening = joined.catch(() => undefined);
      const from = await joined;
      return {
        from,
        position() {
          const running = [live, late].find((one) => one?.followers.has(follower));
          const told = running?.followers.get(follower) ?? from;
          // While the feed goes over what others have missed, it is behind of what this one has been told.
          return running !== undefined && running.position > told ? running.position : told;
        },
        stop() {
          for (const running of [live, late]) running?.followers.delete(follower);
        },
      };
    },
  };
}
