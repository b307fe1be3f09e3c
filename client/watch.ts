import type { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';
import type { Operation } from '../contracts/operation.ts';
import type { Tenant } from '../contracts/manifests/tenant.ts';
import type { RouteQueryInput } from '../contracts/routes.ts';

/** News from a watch: first the latest operations, newest first, then each change. */
export type OperationNews =
  | { readonly kind: 'listed'; readonly operations: readonly Operation[] }
  | { readonly kind: 'changed'; readonly operation: Operation };

export interface WatchOperationsOptions {
  /** Only operations of this tenant. */
  readonly tenant?: string;
  /** How many of the latest operations to list at the start. Default 100. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/**
 * Follows operations: first the latest ones, then each change, including new operations. Errors as in {@link follow}.
 */
export function watchOperations(
  api: ApiClient,
  { tenant, limit = 100, signal }: WatchOperationsOptions = {},
): AsyncGenerator<OperationNews> {
  const query = tenant === undefined ? {} : { tenant };
  return follow<'watchOperations', OperationNews>(api, 'watchOperations', {
    query,
    async list() {
      const { body } = await api.call('listOperations', {
        query: { ...query, pageSize: limit },
        ...(signal === undefined ? {} : { signal }),
      });
      return { kind: 'listed', operations: body.items };
    },
    news: ({ event, data }) => (event === 'operation' ? { kind: 'changed', operation: data } : undefined),
    signal,
  });
}

/** News from a watch. */
export type TenantNews =
  /** All tenants that match the filter. Other tenants reported before no longer match. */
  | { readonly kind: 'listed'; readonly tenants: readonly Tenant[] }
  | { readonly kind: 'changed'; readonly tenant: Tenant }
  /** The tenant was purged or no longer matches the filter. */
  | { readonly kind: 'gone'; readonly tenant: { readonly name: string; readonly uid: string } };

export interface WatchTenantsOptions {
  readonly filter?: Omit<RouteQueryInput<'listTenants'>, 'pageSize' | 'pageToken'>;
  /** Only this tenant. */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

/** Follows tenants: first all that match, then each change. Errors as in {@link follow}. */
export function watchTenants(
  api: ApiClient,
  { filter = {}, name, signal }: WatchTenantsOptions = {},
): AsyncGenerator<TenantNews> {
  const known = new Map<string, { readonly name: string; readonly revision: number }>();

  async function list(): Promise<TenantNews> {
    const tenants: Tenant[] = [];
    let pageToken: string | undefined;
    do {
      const query = {
        ...filter,
        ...(name === undefined ? {} : { namePrefix: name }),
        pageSize: 500,
        ...(pageToken === undefined ? {} : { pageToken }),
      };
      const { body } = await api.call('listTenants', { query, ...(signal === undefined ? {} : { signal }) });
      tenants.push(...body.items.filter(({ metadata }) => name === undefined || metadata.name === name));
      pageToken = body.nextPageToken;
    } while (pageToken !== undefined);
    known.clear();
    for (const { metadata } of tenants) known.set(metadata.uid, metadata);
    return { kind: 'listed', tenants };
  }

  return follow<'watchTenants', TenantNews>(api, 'watchTenants', {
    query: { ...filter, ...(name === undefined ? {} : { name }) },
    list,
    news({ event, data }) {
      if (event === 'tenant') {
        // Skip a late event for a revision that is already known.
        if ((known.get(data.metadata.uid)?.revision ?? 0) >= data.metadata.revision) return undefined;
        known.set(data.metadata.uid, data.metadata);
        return { kind: 'changed', tenant: data };
      }
      const removed = event === 'gone' ? known.get(data.uid) : undefined;
      if (event !== 'gone' || removed === undefined) return undefined;
      known.delete(data.uid);
      return { kind: 'gone', tenant: { name: removed.name, uid: data.uid } };
    },
    signal,
  });
}
