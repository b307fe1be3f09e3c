import type { RouteDeprecation } from '../contracts/routes.ts';

/** Where the end of routes is explained. */
const reference = '/docs';

/** The headers that announce the end of a route: Deprecation (RFC 9745) and Sunset (RFC 8594). */
export function deprecationHeaders({ since, sunset }: RouteDeprecation): Readonly<Record<string, string>> {
  return {
    deprecation: `@${Math.floor(Date.parse(since) / 1000)}`,
    ...(sunset === undefined ? {} : { sunset: new Date(sunset).toUTCString() }),
    link: `<${reference}>; rel="deprecation"; type="text/html"`,
  };
}
