import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { BackoffKey } from '../../store/backoffs.ts';
import type { Store } from '../../store/store.ts';
import type { Caller } from '../requests/caller.ts';
import type { ChangedTenant, ChangeTenant } from '../changes/change-request.ts';
import type { HoldRequest } from '../changes/hold-tenant.ts';
import { leftAloneMs, systemCaller } from '../requests/system-caller.ts';
import type { TenantVerb } from '../../domain/tenant-verb.ts';

/** What came of one tenant's due work. */
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
 * Begins what is due by the clock: purges whose time has come, plans that are to take effect. What is refused or fails is left
 * alone for a while, longer each time; everybody else's is begun all the same.
 */
export function createDueWork({
  store,
  changeTenant,
  unschedule,
}: DueWorkDependencies): (limit: number) => Promise<DueOutcome[]> {
  function callerOf(tenant: TenantDocument, work: DueOutcome['work']): Caller {
    const requestId = `sweep-${store.newId()}`;
    const { scheduledPlan } = tenant;
    // A plan that somebody has scheduled takes effect on their behalf.
    if (work === 'change_plan' && scheduledPlan !== null)
      return { actor: scheduledPlan.actor, requestId, correlationId: scheduledPlan.correlationId };
    return systemCaller(requestId);
  }

  async function begin(tenant: TenantDocument, work: DueOutcome['work'], verb: TenantVerb): Promise<DueOutcome> {
    const key: BackoffKey = { work, tenant: tenant._id };
    // Counted before it is known what comes of it: an operation that begins may fail as well, and is then due again.
    await store.backoffs.failed(key, leftAloneMs);
    try {
      const request = {
        name: tenant.name,
        precondition: { kind: 'revision', revisions: [tenant.revision] },
        caller: callerOf(tenant, work),
        alsoCommit: async () => undefined,
      } as const;
      const begun = await changeTenant({ ...request, verb });
      // The plan is in effect already, so nothing is left to wait for.
      if (work === 'change_plan' && begun.outcome === 'unchanged' && begun.operation === undefined)
        await unschedule(request);
      // A plan is scheduled no more; a tenant is due until it is purged. What has begun has, whether or not this is written down.
      if (work === 'change_plan') await store.backoffs.succeeded(work, [tenant._id]).catch(() => undefined);
      return { tenant, work, begun };
    } catch (error) {
      if (!(error instanceof TenureError)) throw error;
      return { tenant, work, refused: error };
    }
  }

  return async (limit) => {
    // Where one clock is wrong nothing is due: a purge cannot be taken back.
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
