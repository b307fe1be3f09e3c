import type { Caller } from '../engines/requests/caller.ts';
import type { Store } from '../store/store.ts';
import { absent, tenantTarget } from './authorization.ts';
import type { Authorize } from './authorization.ts';

export interface KnownTenantDependencies {
  readonly store: Pick<Store, 'resources' | 'tombstones'>;
  readonly authorize: Authorize;
}

const isUid = (text: string): boolean => /^\d/.test(text);

/**
 * The uid of a tenant that the caller may see, by its name or its uid. A purged tenant is found by its uid.
 * @throws TenureError not_found, forbidden
 */
export async function uidOfTenant(
  { store, authorize }: KnownTenantDependencies,
  tenant: string,
  caller: Caller,
): Promise<string> {
  const found = await (isUid(tenant)
    ? store.resources.findByUid('Tenant', tenant)
    : store.resources.find('Tenant', tenant));
  const purged = found === undefined && isUid(tenant) ? await store.tombstones.find(tenant) : undefined;
  const known = found ?? purged;
  // Whoever asks by uid learns no name, and gets the same answer for a foreign tenant as for none.
  const target = isUid(tenant)
    ? ({ kind: 'Tenant', ...(known === undefined ? {} : { tenant: known._id }) } as const)
    : tenantTarget(tenant, known);
  await authorize(caller, 'tenant.get', target);
  if (known === undefined) throw absent(target);
  return known._id;
}
