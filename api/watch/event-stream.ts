import type { Response } from 'express';
import type { GiveBack, Quota } from '../shares/quota.ts';

/** One event as it is sent. */
export interface SentEvent {
  readonly event: string;
  /** JSON in one line. */
  readonly data: string;
  /** Where the stream may be gone on with after this event. */
  readonly id: string;
}

/** An event as bytes: made once for however many are sent it. */
export function encodeEvent({ event, data, id }: SentEvent): Buffer {
  return Buffer.from(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
}

/** A stream of server-sent events (WHATWG HTML, section 9.2). */
export interface EventStream {
  /** Sends an event, unless too much of what was sent before is not read yet: then `room` is called when it is. */
  send(event: Buffer): boolean;
  /** Ends the answer; the caller comes back with the last id it has. */
  end(): void;
}

export interface EventStreamOptions {
  readonly caller: string;
  /** Of what is not read yet, large events have their share. */
  readonly unread: Quota;
  /** More can be sent. */
  readonly room: () => void;
  /** Called once, when the connection is gone, whoever has ended it. */
  readonly closed: () => void;
}

/** What waits in a stream before the next event is held back. */
const maxUnreadBytes = 64 * 1024;
/** After this time it is looked again whether the caller's other streams leave room for a large event. */
const lookAgainMs = 250;
/** Who reads nothing at all for this long is let go: it comes back, and goes on from where it was. */
const patienceMs = 30_000;
const retryMs = 1_000;

/** Begins the answer. */
export function openEventStream(response: Response, { caller, unread, room, closed }: EventStreamOptions): EventStream {
  const held = new Set<GiveBack>();
  let lookingAgain: NodeJS.Timeout | undefined;
  response.once('close', () => {
    clearTimeout(lookingAgain);
    for (const giveBack of held) giveBack();
    closed();
  });
  response.on('drain', room);
  response.setTimeout(patienceMs, () => response.destroy());
  response.status(200).set({
    'content-type': 'text/event-stream; charset=utf-8',
    // Compression and proxies would hold events back.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  response.write(`retry: ${retryMs}\n\n`);

  function sendLarge(event: Buffer): boolean {
    const giveBack = unread.take(caller, event.length);
    if (giveBack === undefined) {
      lookingAgain ??= setTimeout(() => {
        lookingAgain = undefined;
        room();
      }, lookAgainMs);
      return false;
    }
    held.add(giveBack);
    response.write(event, () => {
      held.delete(giveBack);
      giveBack();
    });
    return true;
  }

  return {
    send(event) {
      if (response.writableEnded || response.destroyed) return true;
      if (response.writableLength > maxUnreadBytes) return false;
      if (event.length > maxUnreadBytes) return sendLarge(event);
      response.write(event);
      return true;
    },
    end() {
      if (!response.writableEnded) response.end();
    },
  };
}
