import type { Response } from 'express';
import type { Shares } from './shares/shares.ts';
import { takeShare } from './shares/shares.ts';
import type { SentAnswer } from './answers.ts';

/** Shorter responses fit in the buffers of the kernel. */
const smallBytes = 64 * 1024;
/** How long to wait for a caller that reads nothing of a response. */
const patienceMs = 30_000;

/** Sends an answer. Each caller has a limited share of unread bytes. @throws TenureError too_many_requests */
export function createSender({
  unread,
}: Pick<Shares, 'unread'>): (response: Response, caller: string, answer: SentAnswer) => void {
  return (response, caller, { status, headers, body }) => {
    const bytes = typeof body === 'string' && body.length > smallBytes ? Buffer.from(body) : body;
    if (bytes.length > smallBytes) {
      response.once('close', takeShare(unread, caller, 'unread response bytes', bytes.length));
      response.setTimeout(patienceMs, () => response.destroy());
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
