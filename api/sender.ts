import type { Response } from 'express';
import type { Shares } from './shares/shares.ts';
import { takeShare } from './shares/shares.ts';
import type { SentAnswer } from './answers.ts';

/** What is shorter is read at once, or waits in the buffers of the kernel. */
const smallBytes = 64 * 1024;
/** Longer than that nobody is waited for who reads nothing of an answer. */
const patienceMs = 30_000;

/** Sends an answer to a caller, which has a share of what may be left unread. @throws TenureError too_many_requests */
export function createSender({
  unread,
}: Pick<Shares, 'unread'>): (response: Response, caller: string, answer: SentAnswer) => void {
  return (response, caller, { status, headers, body }) => {
    const bytes = typeof body === 'string' && body.length > smallBytes ? Buffer.from(body) : body;
    if (bytes.length > smallBytes) {
      response.once('close', takeShare(unread, caller, 'unread answers', bytes.length));
      response.setTimeout(patienceMs, () => response.destroy());
    }
    // With a Content-Length, an answer that is not compressed leaves in one write with its headers.
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
