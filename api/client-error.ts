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
      `the address and the headers are larger than ${maxRequestHeadBytes / 1024} KiB`,
    );
  return new TenureError('request_invalid', 'what was sent is no HTTP/1.1 request');
}

/** As node's own handler looks: a connection holds the answer that is under way on it. */
function isBeingAnswered(
  socket: Duplex & { readonly _httpMessage?: { readonly headersSent: boolean } | null },
): boolean {
  return socket._httpMessage?.headersSent === true;
}

/**
 * Answers what node's parser gives up on before there is a request to route: with a problem, as everything is answered. For `clientError`
 * of a server, in place of its own empty answer.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Who did not send on in time, or has gone, gets no answer any more; nor does who is being answered: it would stand in the midst of that.
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
