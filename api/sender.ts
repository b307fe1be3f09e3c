import type { Response } from 'express';
import { TenureError } from '../domain/tenure-error.ts';
import type { Shares } from './shares/shares.ts';
import { takeShare } from './shares/shares.ts';
import type { SentAnswer } from './answers.ts';

/**
 * Aborts when the connection closes before the response is sent. Used only where a request waits, which most do not.
 */
export function abortedOnClose(response: Response): AbortSignal {
  const gone = new AbortController();
  // An explicit reason, because the default reason is an exception with a costly stack.
  const abort = (): void => gone.abort('closed');
  if (response.closed) abort();
  else response.once('close', abort);
  return gone.signal;
}

/** Stops work for a caller that has disconnected. @throws TenureError request_invalid */
export function requireConnected({ closed }: Pick<Response, 'closed'>): void {
  if (closed)
    throw new TenureError(
      'request_invalid',
      'the connection was closed before the request was processed; keep it open until the response arrives',
    );
}

/** Shorter responses fit in the buffers of the kernel. */
const smallBytes = 64 * 1024;
/** How long to wait for a caller that reads nothing of a response. */
const unreadTimeoutMs = 30_000;

/** Sends an answer. Each caller has a limited share of unread bytes. @throws TenureError too_many_requests */
export function createSender({
  unread,
}: Pick<Shares, 'unread'>): (response: Response, caller: string, answer: SentAnswer) => void {
  return (response, caller, { status, headers, body }) => {
    const bytes = typeof body === 'string' && body.length > smallBytes ? Buffer.from(body) : body;
    if (bytes.length > smallBytes) {
      response.once('close', takeShare(unread, caller, 'unread response bytes', bytes.length));
      response.setTimeout(unreadTimeoutMs, () => response.destroy());
    }
    // With a Content-Length, an uncompressed response is sent in one write together with its headers.
    const described =
      body.length === 0
        ? {}
        : { 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(bytes)) };
    response
      .status(status)
      .set({ ...described, ...headers })
      .end(bytes);
  };
}
