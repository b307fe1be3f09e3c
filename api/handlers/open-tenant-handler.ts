import type { OpenTenant } from '../../engines/access/open-tenant.ts';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
import { permitOn } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';

export function openTenantHandler({
  authorize,
  openTenant,
}: {
  readonly authorize: Authorize;
  readonly openTenant: OpenTenant;
}): RouteHandlers['openTenant'] {
  return async ({ params: { name }, body: { leaseId }, caller }) => {
    const { tenant, placement, lease, endpoint, layout, password } = await openTenant({
      name,
      caller,
      permit: permitOn(authorize, caller, name),
      leaseId,
    });
    const { user, database, namespaces } = layout;
    const access: TenantAccess = {
      tenant: { uid: tenant._id, name },
      lease: { id: lease.id, epoch: tenant.epoch, durationMs: lease.durationMs, expireTime: lease.until.toISOString() },
      region: placement.region,
      cell: placement.cell,
      endpoint,
      database,
      collections: namespaces.map(({ declared }) => declared.name),
      namespaces: namespaces.map(({ declared, database: holder, name: onCell }) => ({
        collection: declared.name,
        database: holder,
        name: onCell,
      })),
      credential: { username: user, password, authSource: database },
    };
    return { status: 200, body: access, headers: { 'cache-control': 'no-store, no-transform' } };
  };
}
