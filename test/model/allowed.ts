import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { refusals, settled, unchanged } from './allowed-answer.ts';
import type { Allowed } from './allowed-answer.ts';
import { create, put } from './allowed-declarations.ts';
import { cancel, verb } from './allowed-verbs.ts';
import type { ModelRequest, RequestOf } from './request.ts';
import { knownPlans, withEvent } from './world.ts';
import type { ModelTenant, RunningOperation, World } from './world.ts';

function hold(world: World, tenant: ModelTenant, reason: string | null): Allowed[] {
  if (tenant.hold === reason)
    return unchanged(world).map((one) => ({ ...one, status: 200 as const, operation: 'none' as const }));
  const { operation } = tenant;
  if (operation?.kind === 'purge') return refusals('operation_in_progress');
  const changed = withEvent({ ...tenant, hold: reason }, reason === null ? 'hold_released' : 'held');
  if (operation?.kind !== 'delete' || operation.stands === 'late') return settled(world, changed);
  return settled(world, { ...changed, operation: { ...operation, ends: endsUnderHold(operation, reason !== null) } });
}

/** The deletion asks policy before each of its steps, and policy checks the hold. */
function endsUnderHold({ ends, stands }: RunningOperation, held: boolean): readonly FinalOperationState[] {
  if (ends.every((end) => end === 'cancelled')) return ends;
  if (held && stands === 'early') return ['failed'];
  return [...new Set([...ends, held ? ('failed' as const) : ('succeeded' as const)])];
}

/** A plan can be changed or scheduled only while the tenant is Active or Suspended. */
const takesPlans = ({ state }: ModelTenant): boolean => state === 'Active' || state === 'Suspended';

function schedule(world: World, tenant: ModelTenant, plan: string): Allowed[] {
  if (!takesPlans(tenant) || !knownPlans.includes(plan)) return refusals('policy_refused');
  if (tenant.scheduled === plan) return [{ status: 200, operation: 'none', changes: false, after: () => world }];
  return settled(world, withEvent({ ...tenant, scheduled: plan }, 'plan_change_scheduled'));
}

function unschedule(world: World, tenant: ModelTenant): Allowed[] {
  if (!takesPlans(tenant)) return refusals('policy_refused');
  if (tenant.scheduled !== null)
    return settled(world, withEvent({ ...tenant, scheduled: null }, 'plan_change_unscheduled'));
  if (tenant.operation?.kind === 'change_plan') return refusals('operation_in_progress');
  return [{ status: 200, operation: 'none', changes: false, after: () => world }];
}

/** Every answer that the model allows to a request in this world. `about`: the operation that a `cancel` names. */
export function allowedIn(world: World, request: ModelRequest, about?: string): Allowed[] {
  switch (request.do) {
    case 'create':
      return create(world, request);
    case 'put':
      return put(world, request);
    case 'verb':
    case 'purge':
    case 'change-plan':
      return verb(world, request);
    case 'cancel':
      return about === undefined ? refusals('not_found') : cancel(world, about);
    case 'read':
    case 'hold':
    case 'release':
    case 'schedule':
    case 'unschedule':
      return world.tenant === null ? refusals('not_found') : onTenant(world, world.tenant, request);
  }
}

function onTenant(
  world: World,
  tenant: ModelTenant,
  request: RequestOf<'read' | 'hold' | 'release' | 'schedule' | 'unschedule'>,
): Allowed[] {
  switch (request.do) {
    case 'read':
      return [{ status: 200, operation: 'none', changes: false, after: () => world }];
    case 'hold':
      return hold(world, tenant, request.reason);
    case 'release':
      return hold(world, tenant, null);
    case 'schedule':
      return schedule(world, tenant, request.plan);
    case 'unschedule':
      return unschedule(world, tenant);
  }
}
