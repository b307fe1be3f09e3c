import type { RequestHandler } from 'express';
import type { RouteDeprecation } from '../contracts/routes/route-contract.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** Converts `/v1/tenants/{name}:activate` to express syntax. */
export function expressPath(path: string): string {
  return path.replaceAll(':', '\\:').replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Refuses all other methods of a path and lists the allowed ones. */
export function refuseMethod(allowed: readonly string[]): RequestHandler {
  return (request, response) => {
    response.set('allow', allowed.join(', '));
    throw new TenureError('method_not_allowed', `${request.method} is not allowed here`);
  };
}

/** Where the deprecation of routes is documented. */
const reference = '/docs';

/** The headers that announce the end of a route: Deprecation (RFC 9745) and Sunset (RFC 8594). */
export function deprecationHeaders({ since, sunset }: RouteDeprecation): Readonly<Record<string, string>> {
  return {
    deprecation: `@${Math.floor(Date.parse(since) / 1000)}`,
    ...(sunset === undefined ? {} : { sunset: new Date(sunset).toUTCString() }),
    link: `<${reference}>; rel="deprecation"; type="text/html"`,
  };
}
