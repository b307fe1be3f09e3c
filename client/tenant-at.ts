import type { RouteAnswerWith } from '../contracts/routes.ts';
import type { TenantRevision } from '../contracts/tenant-revision.ts';
import type { ApiClient } from './api-client.ts';

/**
 * Reads an earlier declaration of a tenant: a generation by its number, or the one in effect at a time (RFC 3339).
 * @throws ApiError not_found, which lists the existing generations
 */
export async function readTenantAt(api: ApiClient, name: string, at: string): Promise<TenantRevision> {
  const { body } = await api.call('getTenant', { params: { name }, query: { at } });
  // With this parameter the response has another type, which the type of `call` cannot express.
  return body as unknown as RouteAnswerWith<'getTenant'>;
}
