import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { HoldDependencies, HoldRequest } from './hold-tenant.ts';
import { changeAtOnce } from './change-at-once.ts';

export interface PlanAtTime {
  readonly plan: string;
  readonly time: Date;
}

/** Schedules a plan change; the sweep starts the operation when it is due. Replaces an earlier schedule. */
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
    // Ask policy about the future plan, so that it refuses now what it would refuse later.
    asked: (spec) => ({ ...spec, plan }),
  });
}

/** Removes a scheduled plan change. One that has started must be cancelled as an operation, or changed back. */
export function unschedulePlan(dependencies: HoldDependencies, request: HoldRequest): Promise<TenantDocument> {
  return changeAtOnce(dependencies, {
    ...request,
    action: 'tenant.change_plan',
    event: { type: 'tenant.plan_change_unscheduled.v1', data: {} },
    change(tenant) {
      if (tenant.scheduledPlan !== null) return { ...tenant, scheduledPlan: null };
      if (tenant.operation?.kind === 'change_plan')
        throw new TenureError('operation_in_progress', 'the plan change has started; cancel the operation', {
          operationId: tenant.operation.id,
        });
      return tenant;
    },
  });
}
