import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { BackoffKey } from '../../store/backoffs.ts';
import type { Store } from '../../store/store.ts';
import type { Caller } from '../requests/caller.ts';
import type { ChangedTenant, ChangeTenant } from '../changes/change-request.ts';
import type { HoldRequest } from '../changes/hold-tenant.ts';
import { planeBackoffMs, systemCaller } from '../requests/caller.ts';
import type { TenantVerb } from '../../domain/tenant-verb.ts';

/** The outcome of one tenant's due work. */
export interface DueOutcome {
  readonly tenant: TenantDocument;
  readonly work: 'purge' | 'change_plan';
  readonly begun?: ChangedTenant;
  readonly refused?: TenureError;
}

export interface DueWorkDependencies {
  readonly store: Pick<Store, 'resources' | 'backoffs' | 'clock' | 'newId'>;
  readonly changeTenant: ChangeTenant;
  readonly unschedule: (request: HoldRequest) => Promise<TenantDocument>;
}

/**
 * Starts due work: purges and scheduled plan changes. Work that is refused or fails is retried later, with a growing
 * delay; it does not hold up the work of other tenants.
 */
export function createDueWork({
  store,
  changeTenant,
  unschedule,
}: DueWorkDependencies): (limit: number) => Promise<DueOutcome[]> {
  function callerOf(tenant: TenantDocument, work: DueOutcome['work']): Caller {
    const requestId = `sweep-${store.newId()}`;
    const { scheduledPlan } = tenant;
    // A scheduled plan takes effect on behalf of the actor who scheduled it.
    if (work === 'change_plan' && scheduledPlan !== null)
      return { actor: scheduledPlan.actor, requestId, correlationId: scheduledPlan.correlationId };
    return systemCaller(requestId);
  }

  async function begin(tenant: TenantDocument, work: DueOutcome['work'], verb: TenantVerb): Promise<DueOutcome> {
    const key: BackoffKey = { work, tenant: tenant._id };
    // Counted before the outcome is known: an operation that starts can still fail and is then due again.
    await store.backoffs.failed(key, planeBackoffMs);
    try {
      const request = {
        name: tenant.name,
        precondition: { kind: 'revision', revisions: [tenant.revision] },
        caller: callerOf(tenant, work),
        alsoCommit: async () => undefined,
      } as const;
      const begun = await changeTenant({ ...request, verb });
      // The plan is already in effect, so the schedule can be removed.
      if (work === 'change_plan' && begun.outcome === 'unchanged' && begun.operation === undefined)
        await unschedule(request);
      // The plan is no longer scheduled; a purge stays due until it is done. The work has started even if this write
      // fails.
      if (work === 'change_plan') await store.backoffs.succeeded(work, [tenant._id]).catch(() => undefined);
      return { tenant, work, begun };
    } catch (error) {
      if (!(error instanceof TenureError)) throw error;
      return { tenant, work, refused: error };
    }
  }

  return async (limit) => {
    // Nothing is due while a clock is wrong: a purge cannot be undone.
    await store.clock.requireAgreement();
    const purges = await store.resources.duePurges(await store.backoffs.waiting('purge'), limit);
    const plans = await store.resources.duePlans(await store.backoffs.waiting('change_plan'), limit);
    const outcomes: DueOutcome[] = [];
    for (const tenant of purges) outcomes.push(await begin(tenant, 'purge', { path: 'purge', early: false }));
    for (const tenant of plans)
      outcomes.push(
        await begin(tenant, 'change_plan', {
          path: 'change_plan',
          plan: tenant.scheduledPlan?.name ?? tenant.spec.plan,
        }),
      );
    return outcomes;
  };
}
