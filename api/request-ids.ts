import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

export interface RequestIds {
  readonly requestId: string;
  /** Ties requests together that serve one purpose; the caller may bring it along. */
  readonly correlationId: string;
}

const acceptable = /^[\w.:-]{1,128}$/;

/** Gives every request its ids, and says them in the answer. */
export const assignRequestIds: RequestHandler = (request, response, next) => {
  const requestId = randomUUID();
  const brought = request.get('x-correlation-id');
  const correlationId = brought !== undefined && acceptable.test(brought) ? brought : requestId;
  response.locals['ids'] = { requestId, correlationId } satisfies RequestIds;
  response.set({ 'x-request-id': requestId, 'x-correlation-id': correlationId });
  next();
};

export function requestIds(response: Response): RequestIds {
  return response.locals['ids'];
}
