import { setImmediate as turnOfEvents } from 'node:timers/promises';
import express from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { RouteContract } from '../contracts/routes/route-contract.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { requireBoundedJson } from './json-bounds.ts';
import { lostInParsing } from './json-source.ts';
import { requireConnected, abortedOnClose } from './sender.ts';
import type { GiveBack } from './shares/quota.ts';
import type { Shares } from './shares/shares.ts';

const maxBytes = 1024 * 1024;
/** Bodies up to this size do not wait. The limit of open requests per caller bounds their number. */
const smallBytes = 16 * 1024;

export interface ReadBody {
  /** Undefined if no body was sent. */
  readonly value: unknown;
  /** Call this when the body is no longer in memory. */
  readonly done: GiveBack;
}

export type BodyReader = (
  request: Request,
  response: Response,
  caller: string,
  contract: RouteContract,
) => Promise<ReadBody>;

const none: ReadBody = { value: undefined, done: () => undefined };

function requireJson(request: Request): void {
  const contentType = request.headers['content-type'];
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1];
  if (request.is('application/json') === false)
    throw new TenureError(
      'media_type_unsupported',
      contentType === undefined
        ? 'Content-Type is missing'
        : `Content-Type is ${contentType}; it must be application/json`,
    );
  // RFC 8259, 8.1
  if (charset !== undefined && !/^utf-?8$/i.test(charset))
    throw new TenureError('media_type_unsupported', `the charset of the body is ${charset}; it must be UTF-8`);
}

function parse(bytes: Uint8Array): unknown {
  requireBoundedJson(bytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TenureError('request_invalid', 'the body is not well-formed UTF-8', { cause: error });
  }
  const lost = lostInParsing(text);
  if (lost.length > 0)
    throw new TenureError(
      'request_invalid',
      `the body cannot be stored exactly as sent: ${lost
        .slice(0, 10)
        .map(({ pointer, message }) => `${pointer} ${message}`)
        .join('; ')}`,
      { errors: lost },
    );
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TenureError('request_invalid', 'the body is not well-formed JSON', { cause: error });
  }
}

/**
 * Reads the body of a request as JSON. A large body waits twice: for a turn among the caller's own bodies before it is
 * received, and for a turn among all bodies before it is parsed.
 */
export function createBodyReader({ bodies, handling }: Pick<Shares, 'bodies' | 'handling'>): BodyReader {
  const receiveAny: RequestHandler = express.raw({ limit: maxBytes, type: () => true });

  async function receive(request: Request, response: Response): Promise<Uint8Array> {
    await new Promise<void>((resolve, reject) => {
      void receiveAny(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
    if (request.body instanceof Uint8Array) return request.body;
    // The parser reads nothing if the caller has closed the connection, so the request is unknown.
    throw new TenureError(
      'request_invalid',
      'the connection was closed before the body was read; keep it open until the response arrives',
    );
  }

  /** Each large body is parsed in its own turn of the event loop, so that other requests are served in between. */
  let queue: Promise<unknown> = Promise.resolve();
  const nextTurn = (): Promise<unknown> => (queue = queue.then(() => turnOfEvents()));

  return async (request, response, caller, contract) => {
    const contentLength = Number(request.headers['content-length'] ?? 0);
    const isChunked = request.headers['transfer-encoding'] !== undefined;
    if (!isChunked && contentLength === 0) return none;
    // Do not ignore the body: the caller expects it to have an effect.
    const unexpectedBody = (): TenureError => new TenureError('request_invalid', 'this route does not accept a body');
    if (contract.body === undefined && !isChunked) throw unexpectedBody();
    if (!isChunked) requireJson(request);
    const gone = abortedOnClose(response);
    const isSmall = !isChunked && contentLength <= smallBytes && request.headers['content-encoding'] === undefined;
    const received = isSmall ? none.done : await bodies.next(caller, isChunked ? maxBytes : contentLength, gone);
    try {
      const bytes = await receive(request, response);
      // Some proxies send an empty chunked body for a request without a body.
      if (bytes.length === 0) return none;
      if (contract.body === undefined) throw unexpectedBody();
      requireJson(request);
      const isLarge = bytes.length > smallBytes;
      const done = isLarge ? await handling.next(caller, bytes.length, gone) : none.done;
      if (isLarge) await nextTurn();
      try {
        requireConnected(response);
        return { value: parse(bytes), done };
      } catch (error) {
        done();
        throw error;
      }
    } finally {
      received();
    }
  };
}
