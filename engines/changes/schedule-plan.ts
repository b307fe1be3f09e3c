import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { HoldDependencies, HoldRequest } from './hold-tenant.ts';
import { changeAtOnce } from './change-at-once.ts';

export interface PlanAtTime {
  readonly plan: string;
  readonly time: Date;
}

/** Writes down that the plan is to change at a time; the sweep begins the operation then. Replaces what was scheduled before. */
export function schedulePlan(
  dependencies: HoldDependencies,
  request: HoldRequest,
  { plan, time }: PlanAtTime,
): Promise<TenantDocument> {
  const { actor, requestId, correlationId } = request.caller;
  return changeAtOnce(dependencies, {
    ...request,
    action: 'tenant.change_plan',
    event: { type: 'tenant.plan_change_scheduled.v1', data: { plan, time: time.toISOString() } },
    change(tenant) {
      const { scheduledPlan } = tenant;
      if (scheduledPlan?.name === plan && scheduledPlan.time.getTime() === time.getTime()) return tenant;
      return { ...tenant, scheduledPlan: { name: plan, time, actor, requestId, correlationId } };
    },
    // Policy is asked about the tenant with the plan that is to come, so that what it will refuse it refuses now.
    asked: (spec) => ({ ...spec, plan }),
  });
}

/** Takes a scheduled change of plan back. One that has begun is cancelled as an operation, or changed back. */
export function unschedulePlan(dependencies: HoldDependencies, request: HoldRequest): Promise<TenantDocument> {
  return changeAtOnce(dependencies, {
    ...request,
    action: 'tenant.change_plan',
    event: { type: 'tenant.plan_change_unscheduled.v1', data: {} },
    change(tenant) {
      if (tenant.scheduledPlan !== null) return { ...tenant, scheduledPlan: null };
      if (tenant.operation?.kind === 'change_plan')
        throw new TenureError('operation_in_progress', 'the change of plan has begun; cancel the operation', {
          operationId: tenant.operation.id,
        });
      return tenant;
    },
  });
}
