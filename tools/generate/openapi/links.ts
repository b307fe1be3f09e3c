import type { ZodOpenApiLinkObject, ZodOpenApiLinksObject } from 'zod-openapi';
import type { z } from 'zod';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { isRevised } from './headers.ts';
import { itemsOf, titleOf } from './schema-parts.ts';

export type RouteTable = Readonly<Record<string, RouteContract>>;

/** Where a document names a resource. */
interface Naming {
  /** The path of such a resource. */
  readonly path: string;
  readonly parameter: string;
  /** JSON Pointer. */
  readonly pointer: string;
}

const tenant = { path: '/v1/tenants/{name}', parameter: 'name' } as const;
const operation = { path: '/v1/operations/{id}', parameter: 'id' } as const;

/** The resources that documents name, by document title. The first one is the resource of the document itself. */
const namings: Readonly<Record<string, readonly Naming[]>> = {
  Tenant: [{ ...tenant, pointer: '/metadata/name' }],
  TenantChange: [
    { ...tenant, pointer: '/tenant/metadata/name' },
    { ...operation, pointer: '/operation/id' },
  ],
  Operation: [
    { ...operation, pointer: '/id' },
    { ...tenant, pointer: '/tenant/name' },
  ],
  Plan: [{ path: '/v1/plans/{name}', parameter: 'name', pointer: '/metadata/name' }],
  Region: [{ path: '/v1/regions/{name}', parameter: 'name', pointer: '/metadata/name' }],
  TenantTemplate: [{ path: '/v1/templates/{name}', parameter: 'name', pointer: '/metadata/name' }],
  WebhookEndpoint: [{ path: '/v1/webhooks/{name}', parameter: 'name', pointer: '/metadata/name' }],
  Rollout: [{ path: '/v1/rollouts/{id}', parameter: 'id', pointer: '/id' }],
  Tombstone: [{ path: '/v1/tombstones/{uid}', parameter: 'uid', pointer: '/uid' }],
};

export interface LinkBook {
  /** Possible next requests after a response of a route. */
  ofAnswer(id: string, status: number, schema: z.ZodType): ZodOpenApiLinksObject;
  /** All requested links, for `components.links`. */
  components(): Record<string, ZodOpenApiLinkObject>;
}

/**
 * Links from responses to the routes of the resources they name: to all routes if the response creates or reads the
 * resource, else to its read.
 */
export function createLinkBook(table: RouteTable): LinkBook {
  const used = new Map<string, ZodOpenApiLinkObject>();

  function targetsOf({ path }: Naming, all: boolean): [string, RouteContract][] {
    return Object.entries(table).filter(([, route]) =>
      all
        ? route.path === path || route.path.startsWith(`${path}:`) || route.path.startsWith(`${path}/`)
        : route.path === path && route.method === 'GET',
    );
  }

  return {
    ofAnswer(id, status, schema) {
      const source = table[id];
      const item = itemsOf(schema);
      const title = titleOf(item ?? schema);
      if (source === undefined || title === undefined) return {};
      const links: ZodOpenApiLinksObject = {};
      for (const [index, naming] of (namings[title] ?? []).entries()) {
        // A change returns an operation only while it still runs.
        if (title === 'TenantChange' && index > 0 && status !== 202) continue;
        const isItsOwn =
          index === 0 &&
          item === undefined &&
          (source.method === 'GET' || source.method === 'PUT' || !source.path.includes('{'));
        for (const [target, route] of targetsOf(naming, isItsOwn || naming.path === operation.path)) {
          const name = `${title}${item === undefined ? '' : 's'}.${target}`;
          used.set(name, {
            operationId: target,
            parameters: {
              [`path.${naming.parameter}`]: `$response.body#${item === undefined ? '' : '/items/0'}${naming.pointer}`,
              ...(route.precondition === 'required' && item === undefined && isRevised(schema)
                ? { 'header.If-Match': '$response.header.ETag' }
                : {}),
            },
          });
          links[target] = { $ref: `#/components/links/${name}` };
        }
      }
      if (item !== undefined)
        links['nextPage'] = { operationId: id, parameters: { 'query.pageToken': '$response.body#/nextPageToken' } };
      return links;
    },
    components: () => Object.fromEntries([...used].toSorted(([a], [b]) => a.localeCompare(b, 'en'))),
  };
}
