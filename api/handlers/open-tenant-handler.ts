import type { TenantAccess } from '../../contracts/tenant-access.ts';
import { layoutOf } from '../../domain/home-layout.ts';
import { endsAccess } from '../../domain/lifecycle.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { policyRefusal } from '../../engines/admission/admission.ts';
import type { Admit } from '../../engines/admission/admission.ts';
import type { TenantSecrets } from '../../engines/keys/tenant-secrets.ts';
import { callerEntry, refusalEntry } from '../../engines/requests/caller.ts';
import { refuseWhileRunning } from '../../engines/changes/decide-change.ts';
import { decidedAnew } from '../../engines/requests/precondition.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { absent, tenantTarget } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { RouteHandlers } from '../reply.ts';

export interface OpenTenantDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly admit: Admit;
  readonly tenantSecrets: Pick<TenantSecrets, 'password'>;
  /** The address of a cell, without credentials. @throws TenureError cell_unavailable, where none is known; cell_mismatch */
  readonly endpoint: (cell: string) => Promise<string>;
}

const leaseMs = 60_000;

/** @throws TenureError operation_in_progress: what takes access away has begun, or begins as soon as what it preempts is undone */
function refuseWhileAccessEnds({ name, operation, pending }: Pick<TenantDocument, 'name' | 'operation' | 'pending'>): void {
  for (const ending of [operation, pending]) if (ending !== null && endsAccess(ending.kind)) refuseWhileRunning({ name, operation: { fence: 0, ...ending } });
}

/**
 * Issues access to a tenant's database under a lease; that it was issued is an entry. Renewing is decided anew. The commit
 * of a grant stands on the state that was decided on: a tenant that is suspended meanwhile is not opened.
 */
export function openTenantHandler({ store, authorize, admit, tenantSecrets, endpoint: addressOf }: OpenTenantDependencies): RouteHandlers['openTenant'] {
  return (request) => decidedAnew({ kind: 'exists' }, () => open(request));

  async function open({ params: { name }, body, caller }: Parameters<RouteHandlers['openTenant']>[0]): ReturnType<RouteHandlers['openTenant']> {
    const tenant = await store.resources.find('Tenant', name);
    await authorize(caller, 'tenant.open', tenantTarget(name, tenant));
    if (tenant === undefined) throw absent({ kind: 'Tenant', name });
    const target = { kind: 'Tenant', name, uid: tenant._id };
    const { verdict } = await admit({
      action: 'tenant.open',
      actor: caller.actor,
      tenant: { name, uid: tenant._id, lifecycle: tenant.lifecycle, spec: tenant.spec },
      placement: tenant.placement,
    });
    if (!verdict.allow || tenant.placement === null) {
      await store.refusals.record(refusalEntry(caller, { action: 'tenant.open', target, tenant: tenant._id, policy: verdict.decision, reason: 'policy_refused' }));
      throw policyRefusal(verdict);
    }
    refuseWhileAccessEnds(tenant);
    const { region, cell, mode } = tenant.placement;
    const endpoint = await addressOf(cell);
    const password = await tenantSecrets.password(tenant._id);
    const until = new Date(store.clock.now().getTime() + leaseMs);
    const lease = { tenant: tenant._id, epoch: tenant.epoch, subject: caller.actor.subject, until };
    const renewed = body.leaseId !== undefined && (await store.tenantLeases.renew({ id: body.leaseId, ...lease })) ? body.leaseId : undefined;
    const id = renewed ?? store.newId();
    if (renewed === undefined) {
      await store.commit(async (tx) => {
        const current = await store.resources.read(tx, 'Tenant', tenant._id);
        if (current?.revision !== tenant.revision) throw new TenureError('revision_stale', `tenant "${name}" has changed meanwhile`);
        await store.tenantLeases.grant(tx, { id, ...lease });
        return { result: undefined, entries: [{ ...callerEntry(caller), action: 'tenant.open', target, tenant: tenant._id, outcome: 'allowed', policy: verdict.decision }] };
      });
    }
    const { user, database, namespaces } = layoutOf({ uid: tenant._id, spec: tenant.spec, mode, user: tenant.databaseUser });
    const access: TenantAccess = {
      tenant: { uid: tenant._id, name },
      lease: { id, epoch: tenant.epoch, durationMs: leaseMs, expireTime: until.toISOString() },
      region,
      cell,
      endpoint,
      database,
      collections: namespaces.map(({ declared }) => declared.name),
      namespaces: namespaces.map(({ declared, database: holder, name: onCell }) => ({ collection: declared.name, database: holder, name: onCell })),
      credential: { username: user, password, authSource: database },
    };
    return { status: 200, body: access, headers: { 'cache-control': 'no-store, no-transform' } };
  }
}
