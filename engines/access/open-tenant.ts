import { layoutOf } from '../../domain/home-layout.ts';
import { endsAccess } from '../../domain/lifecycle.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { policyRefusal } from '../admission/admission.ts';
import type { Admit } from '../admission/admission.ts';
import { refuseWhileRunning } from '../changes/decide-change.ts';
import type { TenantSecrets } from '../keys/tenant-secrets.ts';
import { callerEntry, refusalEntry } from '../requests/caller.ts';
import type { Caller, Permit } from '../requests/caller.ts';
import { retryOnConflict } from '../requests/precondition.ts';

export interface OpenTenantDependencies {
  readonly store: Store;
  readonly admit: Admit;
  readonly tenantSecrets: Pick<TenantSecrets, 'password'>;
  /**
   * The address of a cell, without credentials.
   * @throws TenureError cell_unavailable if none is known; cell_mismatch
   */
  readonly endpoint: (cell: string) => Promise<string>;
}

export interface OpenTenantRequest {
  readonly name: string;
  readonly caller: Caller;
  readonly permit: Permit;
  /** The lease to renew. If it cannot be renewed, the caller gets a new one. */
  readonly leaseId?: string | undefined;
}

/** An opened tenant. */
export interface OpenedTenant {
  readonly tenant: TenantDocument;
  readonly placement: NonNullable<TenantDocument['placement']>;
  readonly lease: { readonly id: string; readonly durationMs: number; readonly until: Date };
  readonly endpoint: string;
  readonly layout: ReturnType<typeof layoutOf>;
  readonly password: string;
}

export type OpenTenant = (request: OpenTenantRequest) => Promise<OpenedTenant>;

const leaseMs = 60_000;

/**
 * @throws TenureError operation_in_progress if an operation that ends access runs, or waits for the one that it
 * preempts
 */
function refuseWhileAccessEnds({
  name,
  operation,
  pending,
}: Pick<TenantDocument, 'name' | 'operation' | 'pending'>): void {
  for (const ending of [operation, pending])
    if (ending !== null && endsAccess(ending.kind)) refuseWhileRunning({ name, operation: { fence: 0, ...ending } });
}

/**
 * Grants access to a tenant's database under a lease; each grant has a ledger entry. A renewal is decided again. The
 * commit of a grant applies only to the state that was decided on: a tenant that is suspended in the meantime is not
 * opened.
 */
export function createOpenTenant({
  store,
  admit,
  tenantSecrets,
  endpoint: addressOf,
}: OpenTenantDependencies): OpenTenant {
  async function admitOpening({ name, caller, permit }: OpenTenantRequest) {
    const tenant = await store.resources.find('Tenant', name);
    await permit('tenant.open', tenant);
    if (tenant === undefined) throw new TenureError('not_found', `tenant "${name}" does not exist`);
    const { _id: uid, lifecycle, spec, placement } = tenant;
    const { verdict } = await admit({
      action: 'tenant.open',
      actor: caller.actor,
      tenant: { name, uid, lifecycle, spec },
      placement,
    });
    if (!verdict.allow || placement === null) {
      await store.refusals.record(
        refusalEntry(caller, {
          action: 'tenant.open',
          target: { kind: 'Tenant', name, uid },
          tenant: uid,
          policy: verdict.decision,
          reason: 'policy_refused',
        }),
      );
      throw policyRefusal(verdict);
    }
    refuseWhileAccessEnds(tenant);
    return { tenant, placement, policy: verdict.decision };
  }

  async function open(request: OpenTenantRequest): Promise<OpenedTenant> {
    const { name, caller, leaseId } = request;
    const { tenant, placement, policy } = await admitOpening(request);
    const { _id: uid, epoch, spec, databaseUser: user } = tenant;
    const endpoint = await addressOf(placement.cell);
    const password = await tenantSecrets.password(uid);
    const until = new Date(store.clock.now().getTime() + leaseMs);
    const lease = { tenant: uid, epoch, subject: caller.actor.subject, until };
    const renewed =
      leaseId !== undefined && (await store.tenantLeases.renew({ id: leaseId, ...lease })) ? leaseId : undefined;
    const id = renewed ?? store.newId();
    if (renewed === undefined) {
      await store.commit(async (tx) => {
        const current = await store.resources.read(tx, 'Tenant', uid);
        if (current?.revision !== tenant.revision)
          throw new TenureError('revision_stale', `tenant "${name}" was changed in the meantime`);
        await store.tenantLeases.grant(tx, { id, ...lease });
        return {
          result: undefined,
          entries: [
            {
              ...callerEntry(caller),
              action: 'tenant.open',
              target: { kind: 'Tenant', name, uid },
              tenant: uid,
              outcome: 'allowed',
              policy,
            },
          ],
        };
      });
    }
    return {
      tenant,
      placement,
      lease: { id, durationMs: leaseMs, until },
      endpoint,
      layout: layoutOf({ uid, spec, mode: placement.mode, user }),
      password,
    };
  }

  return (request) => retryOnConflict({ kind: 'exists' }, () => open(request));
}
