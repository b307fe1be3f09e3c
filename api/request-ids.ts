import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

export interface RequestIds {
  readonly requestId: string;
  /** Links requests that serve one purpose. The caller may provide it. */
  readonly correlationId: string;
}

const acceptable = /^[\w.:-]{1,128}$/;

/** Assigns ids to every request and returns them in the response headers. */
export const assignRequestIds: RequestHandler = (request, response, next) => {
  const requestId = randomUUID();
  const received = request.get('x-correlation-id');
  const correlationId = received !== undefined && acceptable.test(received) ? received : requestId;
  response.locals['ids'] = { requestId, correlationId } satisfies RequestIds;
  response.set({ 'x-request-id': requestId, 'x-correlation-id': correlationId });
  next();
};

export function requestIds(response: Response): RequestIds {
  return response.locals['ids'];
}
