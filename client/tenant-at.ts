import type { RouteAnswerWith } from '../contracts/routes.ts';
import type { TenantRevision } from '../contracts/tenant-revision.ts';
import type { ApiClient } from './api-client.ts';

/**
 * What a tenant was declared to be: the generation of that number, or the one that stood at that time (RFC 3339).
 * @throws ApiError not_found, which says what generations there are
 */
export async function readTenantAt(api: ApiClient, name: string, at: string): Promise<TenantRevision> {
  const { body } = await api.call('getTenant', { params: { name }, query: { at } });
  // The table has another answer for requests with this parameter; a call's type does not know which parameters it has.
  return body as unknown as RouteAnswerWith<'getTenant'>;
}
