import { z } from 'zod';
import type { Caller } from '../engines/requests/caller.ts';
import type { StoredAnswer } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { tenantTarget } from './authorization.ts';
import type { Authorize } from './authorization.ts';

/**
 * Lets a kept answer be sent again to who may still see what it is about: the caller's roles and tenants may be others than when it was made.
 * @throws TenureError not_found, forbidden
 */
export type GuardReplay = (caller: Caller, params: unknown, kept: StoredAnswer) => Promise<void>;

export interface ReplayGuardDependencies {
  readonly store: Pick<Store, 'resources'>;
  readonly authorize: Authorize;
}

const reference = z.object({ name: z.string(), uid: z.string() });
/** A tenant stands in an answer as it is read, beside its operation, or by reference. */
const aboutTenant = z.union([
  z.object({ kind: z.literal('Tenant'), metadata: reference }).transform(({ metadata }) => metadata),
  z.object({ tenant: z.object({ metadata: reference }) }).transform(({ tenant }) => tenant.metadata),
  z.object({ tenant: reference }).transform(({ tenant }) => tenant),
]);
const ofTenantRoute = z.object({ name: z.string() });

export function createReplayGuard({ store, authorize }: ReplayGuardDependencies): GuardReplay {
  return async (caller, params, { headers, body }) => {
    const told = aboutTenant.safeParse(body === '' ? undefined : JSON.parse(body)).data;
    const isOfTenant = told !== undefined || headers['location']?.startsWith('/v1/tenants/') === true;
    const name = told?.name ?? ofTenantRoute.safeParse(params).data?.name;
    if (!isOfTenant || name === undefined) return;
    const tenant = told === undefined ? await store.resources.find('Tenant', name) : { _id: told.uid };
    await authorize(caller, 'tenant.get', tenantTarget(name, tenant));
  };
}
