import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { maxRequestHeadBytes } from '../contracts/request-headers.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { problemReply } from './problem-reply.ts';

function refusalOf({ code }: NodeJS.ErrnoException): TenureError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new TenureError(
      'headers_too_large',
      `the URL and the headers are larger than ${maxRequestHeadBytes / 1024} KiB`,
    );
  return new TenureError('request_invalid', 'not a valid HTTP/1.1 request');
}

/** The same check as in node's own handler: a connection refers to the response in progress on it. */
function isBeingAnswered(
  socket: Duplex & { readonly _httpMessage?: { readonly headersSent: boolean } | null },
): boolean {
  return socket._httpMessage?.headersSent === true;
}

/**
 * Responds with a problem when node's parser rejects a request before it can be routed. A handler for the `clientError`
 * event of a server, in place of its default empty response.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  // No response if the caller timed out or disconnected, or if a response is in progress, which this one would corrupt.
  if (
    !socket.writable ||
    isBeingAnswered(socket) ||
    error.code === 'ECONNRESET' ||
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  ) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const { status, headers, body } = problemReply(refusalOf(error), requestId);
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    'x-request-id': requestId,
    'x-correlation-id': requestId,
    'content-length': Buffer.byteLength(text),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', text].join('\r\n'));
}
