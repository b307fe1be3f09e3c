import { TenureError } from '../../domain/tenure-error.ts';
import { eventsIn } from '../../store/events.ts';
import type { EventStore, LoggedEvent } from '../../store/events.ts';
import type { Shares } from '../shares/shares.ts';
import { encodeEvent } from '../watch/event-stream.ts';
import type { StreamSources } from '../watch/stream-source.ts';
import { eventBody } from '../../engines/events/event-body.ts';
import type { EventFeed } from '../../engines/events/event-feed.ts';
import type { PrepareEventReading } from './event-reading.ts';

export interface EventSourceDependencies {
  readonly feed: EventFeed;
  readonly events: Pick<EventStore, 'read'>;
  readonly prepareEventReading: PrepareEventReading;
  readonly shares: Pick<Shares, 'pages'>;
  readonly stopping: AbortSignal;
}

const readAtOnce = 200;

/** The stream of events. What was missed is read from the log; what happens then comes from the shared feed. */
export function createEventSource({
  feed,
  events,
  prepareEventReading,
  shares,
  stopping,
}: EventSourceDependencies): StreamSources['watchEvents'] {
  /** Streams that show the same event share its text. */
  const bodies = new WeakMap<LoggedEvent, string>();

  function bodyOf(event: LoggedEvent): string {
    const known = bodies.get(event);
    if (known !== undefined) return known;
    const body = JSON.stringify(eventBody(event));
    bodies.set(event, body);
    return body;
  }

  return async ({ query, caller, lastEventId, gone }, sink) => {
    const { scope, from, cursorAt } = await prepareEventReading(
      caller,
      // The caller resumes, wherever it began.
      lastEventId === undefined ? query : { ...query, since: undefined, afterSequence: undefined },
      lastEventId,
    );
    if (stopping.aborted) throw new TenureError('watch_unavailable', 'this process is stopping');
    const seat = await feed.join();
    const isIn = eventsIn(scope);
    let at = from ?? seat.end();
    let room: (() => void) | undefined;
    let isStopped = false as boolean;
    const isOver = (): boolean => isStopped || gone.aborted || stopping.aborted;

    async function send(event: LoggedEvent): Promise<void> {
      const bytes = encodeEvent({ event: 'event', id: cursorAt(event.index + 1), data: bodyOf(event) });
      while (!isOver() && !sink.send(bytes)) await new Promise<void>((resolve) => (room = resolve));
    }

    /** Reads from the log, in the caller's turn among all that read. */
    async function readMissed(): Promise<{ readonly read: readonly LoggedEvent[]; readonly readTo: number }> {
      const done = await shares.pages.next(caller.actor.subject, 1, gone);
      try {
        const missed = await events.read(scope, at, readAtOnce);
        return { read: missed.events.map(({ document }) => document), readTo: missed.readTo };
      } finally {
        done();
      }
    }

    async function follow(): Promise<void> {
      while (!isOver() && !seat.hasEnded()) {
        const recent = seat.recent(at);
        const { read, readTo } =
          recent === undefined
            ? await readMissed()
            : { read: recent.filter(({ tenant, type }) => isIn(tenant, type)), readTo: Math.max(at, seat.end()) };
        for (const event of read) {
          await send(event);
          if (isOver()) return;
          at = event.index + 1;
        }
        at = readTo;
        if (at >= seat.end()) await seat.grown();
      }
    }

    let following: Promise<void> | undefined;
    function stop(): void {
      if (isStopped) return;
      isStopped = true;
      seat.leave();
      room?.();
    }
    gone.addEventListener('abort', stop, { once: true });
    return {
      from: cursorAt(at),
      position: () => cursorAt(at),
      resume() {
        const waiting = room;
        room = undefined;
        waiting?.();
        following ??= follow().then(
          () => sink.end(),
          () => sink.end(),
        );
      },
      stop,
    };
  };
}
