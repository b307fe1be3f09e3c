import type { Response } from 'express';

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
  send(event: Buffer): void;
  /** Ends the answer; the caller comes back with the last id it has. */
  end(): void;
}

/** A caller that reads more slowly than things change is let go: it comes back, and goes on from where it was. */
const maxUnreadBytes = 1024 * 1024;
const retryMs = 1_000;

/** Begins the answer. `closed` is called once, when the connection is gone, whoever has ended it. */
export function openEventStream(response: Response, closed: () => void): EventStream {
  response.once('close', closed);
  response.status(200).set({
    'content-type': 'text/event-stream; charset=utf-8',
    // Compression and proxies would hold events back.
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  response.write(`retry: ${retryMs}\n\n`);
  return {
    send(event) {
      if (response.writableEnded || response.destroyed) return;
      response.write(event);
      if (response.writableLength > maxUnreadBytes) response.destroy();
    },
    end() {
      if (!response.writableEnded) response.end();
    },
  };
}
