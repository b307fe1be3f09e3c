import type { Response } from 'express';
import type { GiveBack, Quota } from '../shares/quota.ts';

/** One event in the form in which it is sent. */
export interface SentEvent {
  readonly event: string;
  /** JSON on one line. */
  readonly data: string;
  /** The position from which a client can resume after this event. */
  readonly id: string;
}

/** Encodes an event. The bytes are shared by all streams that send it. */
export function encodeEvent({ event, data, id }: SentEvent): Buffer {
  return Buffer.from(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
}

/** A stream of server-sent events (WHATWG HTML, section 9.2). */
export interface EventStream {
  /** Sends an event. Returns false if too much is still unread; then `room` is called once there is space again. */
  send(event: Buffer): boolean;
  /** Ends the response. The caller reconnects with the last id that it has. */
  end(): void;
}

export interface EventStreamOptions {
  readonly caller: string;
  /** Limits the unread bytes of large events. */
  readonly unread: Quota;
  /** Called when more can be sent. */
  readonly room: () => void;
  /** Called once when the connection has closed, whichever side closed it. */
  readonly closed: () => void;
}

/** Unread bytes of a stream beyond which events are held back. */
const maxUnreadBytes = 64 * 1024;
/** How soon to check again whether the caller's other streams leave room for a large event. */
const recheckMs = 250;
/** A caller that reads nothing for this long is disconnected; it can reconnect and resume. */
const idleTimeoutMs = 30_000;
const retryMs = 1_000;

/** Starts the response. */
export function openEventStream(response: Response, { caller, unread, room, closed }: EventStreamOptions): EventStream {
  const held = new Set<GiveBack>();
  let recheck: NodeJS.Timeout | undefined;
  response.once('close', () => {
    clearTimeout(recheck);
    for (const giveBack of held) giveBack();
    closed();
  });
  response.on('drain', room);
  response.setTimeout(idleTimeoutMs, () => response.destroy());
  response.status(200).set({
    'content-type': 'text/event-stream; charset=utf-8',
    // Compression and proxies would delay events.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  response.write(`retry: ${retryMs}\n\n`);

  function sendLarge(event: Buffer): boolean {
    const giveBack = unread.take(caller, event.length);
    if (giveBack === undefined) {
      recheck ??= setTimeout(() => {
        recheck = undefined;
        room();
      }, recheckMs);
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
