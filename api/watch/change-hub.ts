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

/** One feed for everybody in this process who follows changes, however many they are. */
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

/** The feed as it runs: everything after `start` was read or is to come, and all of it is in `kept`. */
interface Running {
  readonly feed: ChangeFeed;
  start: Position;
  position: Position;
  readonly kept: Change[];
}

export function createChangeHub({ open, maxFollowers, logger, stopping }: ChangeHubDependencies): ChangeHub {
  /** With what each has been told. */
  const followers = new Map<Follower, Position>();
  let running: Running | undefined;
  /** Feeds are opened one after the other: each newcomer sees what the one before has opened. */
  let opening: Promise<unknown> = Promise.resolve();

  function tell(follower: Follower, change: Change): void {
    const told = followers.get(follower);
    if (told === undefined || change.position <= told) return;
    followers.set(follower, change.position);
    follower.told(change);
  }

  function keep(current: Running, change: Change): void {
    current.kept.push(change);
    const dropped = current.kept.length > keptChanges ? current.kept.shift() : undefined;
    if (dropped !== undefined) current.start = dropped.position;
  }

  async function pump(current: Running): Promise<void> {
    try {
      for (;;) {
        if (running !== current || followers.size === 0) break;
        const { change, position } = await current.feed.next();
        // Another has begun earlier, and taken its place.
        if (running !== current) break;
        current.position = position;
        if (change === undefined) continue;
        keep(current, change);
        for (const follower of followers.keys()) tell(follower, change);
      }
    } catch (error) {
      if (running === current) {
        if (!stopping.aborted) logger.warn('the feed of changes is lost; who follows it comes back', errorFields(error));
        endAll();
      }
    }
    if (running === current) running = undefined;
    await current.feed.close().catch(() => undefined);
  }

  function endAll(): void {
    for (const follower of followers.keys()) follower.ended();
    followers.clear();
  }

  stopping.addEventListener('abort', endAll);

  /** A feed that has all after the position: the one that runs, or one that begins there and takes its place. */
  async function reach(after: Position | undefined): Promise<Running> {
    if (running !== undefined && (after === undefined || after >= running.start)) return running;
    const feed = await open(after);
    return (running = { feed, start: feed.start, position: feed.start, kept: [] });
  }

  async function join(after: Position | undefined, follower: Follower): Promise<Position> {
    if (stopping.aborted || followers.size >= maxFollowers) throw new TenureError('watch_unavailable', stopping.aborted ? 'this process stops' : `${maxFollowers} watches are open`);
    const before = running;
    let current: Running;
    // One that ran may have ended meanwhile, for want of followers.
    do current = await reach(after);
    while (running !== current);
    const from = after ?? current.position;
    followers.set(follower, from);
    for (const change of [...current.kept]) tell(follower, change);
    if (current !== before) void pump(current);
    return from;
  }

  return {
    async follow(after, follower) {
      const joined = opening.then(() => join(after, follower));
      opening = joined.catch(() => undefined);
      const from = await joined;
      return {
        from,
        position() {
          const told = followers.get(follower) ?? '';
          // While the feed goes over what others have missed, it is behind of what this one has been told.
          return running !== undefined && running.position > told ? running.position : told;
        },
        stop: () => void followers.delete(follower),
      };
    },
  };
}
