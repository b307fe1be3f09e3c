import type { Response } from 'express';
import { TenureError } from '../domain/tenure-error.ts';

/**
 * Aborts when the connection closes before the response is sent. Used only where a request waits, which most do not.
 */
export function whenGone(response: Response): AbortSignal {
  const gone = new AbortController();
  // An explicit reason, because the default reason is an exception with a costly stack.
  const leave = (): void => gone.abort('closed');
  if (response.closed) leave();
  else response.once('close', leave);
  return gone.signal;
}

/** Stops work for a caller that has disconnected. @throws TenureError request_invalid */
export function requirePresent(gone: AbortSignal): void {
  if (gone.aborted)
    throw new TenureError(
      'request_invalid',
      'the connection was closed before the request was processed; keep it open until the response arrives',
    );
}
