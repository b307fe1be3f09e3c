import type { Response } from 'express';
import { TenureError } from '../domain/tenure-error.ts';

/** Aborts when the connection closes before its answer is sent. Made only where something waits: most requests are answered at once. */
export function whenGone(response: Response): AbortSignal {
  const gone = new AbortController();
  // With a reason of its own: AbortController's would be an exception with a stack.
  const leave = (): void => gone.abort('closed');
  if (response.closed) leave();
  else response.once('close', leave);
  return gone.signal;
}

/** Work that nobody waits for is not started. @throws TenureError request_invalid */
export function requirePresent(gone: AbortSignal): void {
  if (gone.aborted)
    throw new TenureError(
      'request_invalid',
      'the connection was closed before its turn came; keep it open until the answer is there',
    );
}
