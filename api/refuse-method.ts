import type { RequestHandler } from 'express';
import { TenureError } from '../domain/tenure-error.ts';

/** Refuses whatever is none of a path's methods, and names those. */
export function refuseMethod(allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.set('allow', allowed.join(', '));
    throw new TenureError('method_not_allowed', `${request.method} is not taken here`);
  };
}
