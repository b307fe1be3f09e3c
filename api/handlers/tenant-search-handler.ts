import { parseTenantFilter } from '../../domain/tenant-filter.ts';
import type { Store } from '../../store/store.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { tenantBody } from '../representations.ts';

export interface TenantSearchDependencies {
  readonly store: Pick<Store, 'tenantSearch'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
}

const list = 'tenants';

/** Lists the tenants that fit a filter and that the caller may see. */
export function tenantSearchHandler({ store, authorize, pageTokens }: TenantSearchDependencies): RouteHandlers['listTenants'] {
  return async ({ query: { pageSize, pageToken, ...text }, caller }) => {
    const { confinedTo } = await authorize(caller, 'tenant.list', { kind: 'Tenant' });
    const filter = parseTenantFilter(text);
    const bound = { confinedTo: confinedTo ?? null, filter };
    const after = pageToken === undefined ? undefined : pageTokens.read(list, bound, pageToken);
    const { tenants, searchedTo } = await store.tenantSearch.search(filter, {
      // One more than is shown, to know whether there is a next page.
      limit: pageSize + 1,
      ...(after === undefined ? {} : { after }),
      ...(confinedTo === undefined ? {} : { uids: confinedTo }),
    });
    const shown = tenants.slice(0, pageSize);
    const position = tenants.length > pageSize ? shown.at(-1)?.name : searchedTo;
    return { status: 200, body: { items: shown.map(tenantBody), ...(position === undefined ? {} : { nextPageToken: pageTokens.make(list, bound, position) }) } };
  };
}
