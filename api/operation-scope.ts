import type { Caller } from '../engines/requests/caller.ts';
import type { Store } from '../store/store.ts';
import { absent, tenantTarget } from './authorization.ts';
import type { Authorize } from './authorization.ts';

export interface OperationScopeDependencies {
  readonly store: Pick<Store, 'resources'>;
  readonly authorize: Authorize;
}

/**
 * Uids of the tenants whose operations the caller may see: the named tenant, or all that it may see; undefined: all
 * tenants.
 * @throws TenureError not_found, forbidden
 */
export async function operationScope(
  { store, authorize }: OperationScopeDependencies,
  name: string | undefined,
  caller: Caller,
): Promise<readonly string[] | undefined> {
  const tenant = name === undefined ? undefined : await store.resources.find('Tenant', name);
  if (name !== undefined) {
    await authorize(caller, 'tenant.get', tenantTarget(name, tenant));
    if (tenant === undefined) throw absent({ kind: 'Tenant', name });
  }
  const { confinedTo } = await authorize(caller, 'operation.list', { kind: 'Operation' });
  return tenant === undefined ? confinedTo : [tenant._id];
}
