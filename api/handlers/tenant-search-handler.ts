import { parseTenantFilter } from '../../domain/tenant-filter.ts';
import type { Store } from '../../store/store.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { tenantBody } from '../representations.ts';
import { listPage } from './list-page.ts';

export interface TenantSearchDependencies {
  readonly store: Pick<Store, 'tenantSearch'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
}

/** Lists the tenants that match a filter and that the caller may see. */
export function tenantSearchHandler({
  store,
  authorize,
  pageTokens,
}: TenantSearchDependencies): RouteHandlers['listTenants'] {
  return async ({ query: { pageSize, pageToken, ...text }, caller }) => {
    const { confinedTo } = await authorize(caller, 'tenant.list', { kind: 'Tenant' });
    const filter = parseTenantFilter(text);
    const body = await listPage(
      pageTokens,
      'tenants',
      { pageSize, pageToken },
      { confinedTo: confinedTo ?? null, filter },
      {
        async read(after, limit) {
          const { tenants: documents, searchedTo } = await store.tenantSearch.scan(filter, {
            limit,
            ...(after === undefined ? {} : { after }),
            ...(confinedTo === undefined ? {} : { uids: confinedTo }),
          });
          return { documents, searchedTo };
        },
        positionOf: ({ name }) => name,
        show: tenantBody,
      },
    );
    return { status: 200, body };
  };
}
