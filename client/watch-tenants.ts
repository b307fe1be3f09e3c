import type { Tenant } from '../contracts/manifests/tenant.ts';
import type { RouteQueryInput } from '../contracts/routes.ts';
import type { ApiClient } from './api-client.ts';
import { follow } from './follow.ts';

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
      const left = event === 'gone' ? known.get(data.uid) : undefined;
      if (event !== 'gone' || left === undefined) return undefined;
      known.delete(data.uid);
      return { kind: 'gone', tenant: { name: left.name, uid: data.uid } };
    },
    signal,
  });
}
