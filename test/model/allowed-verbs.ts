import type { LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import { isStale, refusals, unchanged } from './allowed-answer.ts';
import type { Allowed } from './allowed-answer.ts';
import type { RequestOf } from './request.ts';
import { begun, cancelling, isBeingUndone, knownPlans, leads, undone, withoutFollowers } from './world.ts';
import type { Assigned, ModelTenant, World } from './world.ts';

type VerbRequest = RequestOf<'verb' | 'purge' | 'change-plan'>;

const pathOf = (request: VerbRequest): OperationKind =>
  request.do === 'verb' ? request.path : request.do === 'purge' ? 'purge' : 'change_plan';

/** The state in which a verb has nothing to do. Undelete and reconcile always have something to do. */
const home: Partial<Record<OperationKind, LifecycleState>> = {
  activate: 'Active',
  resume: 'Active',
  reactivate: 'Active',
  suspend: 'Suspended',
  archive: 'Archived',
  delete: 'Deleted',
};

function isThere(request: VerbRequest, tenant: ModelTenant): boolean {
  return request.do === 'change-plan' ? tenant.plan === request.plan : home[pathOf(request)] === tenant.state;
}

/** All reasons to refuse a verb on a tenant on which no operation runs. */
function objectionsToVerb(request: VerbRequest, tenant: ModelTenant): ProblemCode[] {
  const path = pathOf(request);
  const objections: ProblemCode[] = [];
  if (leads(path, tenant) === undefined) objections.push('transition_not_allowed');
  if ((path === 'delete' || path === 'purge') && tenant.hold !== null) objections.push('policy_refused');
  // No tenant of the model becomes old enough for a purge that is not early.
  if (request.do === 'purge' && !request.early) objections.push('policy_refused');
  if (request.do === 'change-plan' && !knownPlans.includes(request.plan)) objections.push('policy_refused');
  return objections;
}

function assignedBy(request: VerbRequest, { state }: ModelTenant): Assigned {
  if (request.do === 'change-plan') return { plan: request.plan };
  const to = home[pathOf(request)];
  return to === undefined || to === 'Deleted' || to === state ? {} : { declared: to };
}

/** The allowed answers to a verb: a request that names its path. */
export function verb(world: World, request: VerbRequest): Allowed[] {
  const { tenant } = world;
  if (tenant === null) return refusals('not_found');
  const path = pathOf(request);
  const { operation: running } = tenant;
  if (running === null && isThere(request, tenant)) return unchanged(world);
  if (isStale(request.on, world)) return refusals('revision_stale');
  if (running?.kind === path && (request.do !== 'change-plan' || tenant.plan === request.plan)) {
    const undoing = isBeingUndone(running);
    if (undoing === 'no') return unchanged(world);
    return [...(undoing === 'maybe' ? unchanged(world) : []), ...anew(world, tenant, request)];
  }
  return anew(world, tenant, request);
}

/** The allowed answers to a verb that the running operation, if there is one, does not already carry out. */
function anew(world: World, tenant: ModelTenant, request: VerbRequest): Allowed[] {
  const path = pathOf(request);
  const { operation: running } = tenant;
  // The rules apply to the tenant as it will be after the running operation is undone.
  const stands = undone(tenant);
  const to = leads(path, stands);
  if (running !== null) {
    const mayPreempt =
      request.preempt === true &&
      tenant.pending === null &&
      running.kind !== 'purge' &&
      (running.kind !== path || isBeingUndone(running) !== 'no') &&
      to !== undefined;
    if (!mayPreempt) return refusals('operation_in_progress');
  }
  const objections = objectionsToVerb(request, stands);
  if (objections.length > 0 || to === undefined) return refusals(...objections);
  const route = { kind: path, from: tenant.state, to };
  const assign = assignedBy(request, stands);
  const after = (id: string): World => {
    const changed =
      running === null
        ? begun(tenant, { id, ...route }, assign, 'verb')
        : { ...cancelling(tenant), pending: { id, ...route, assign } };
    return { ...world, tenant: changed, moved: true };
  };
  return [{ status: 202, operation: 'new', changes: true, after }];
}

/** The allowed answers to a cancellation of this operation. */
export function cancel(world: World, id: string): Allowed[] {
  const { tenant, ended } = world;
  if (tenant?.pending?.id === id) {
    return [
      {
        status: 200,
        operation: { id },
        changes: true,
        after: () => ({
          ...world,
          tenant: { ...tenant, pending: null },
          ended: { ...ended, [id]: 'cancelled' },
          moved: true,
        }),
      },
    ];
  }
  if (tenant?.operation?.next.some((following) => following.id === id) === true)
    return [{ status: 200, operation: { id }, changes: true, after: () => withoutFollowers(world, id) }];
  if (tenant?.operation?.id !== id)
    return ended[id] === 'cancelled'
      ? [{ status: 200, operation: { id }, changes: false, after: () => world }]
      : refusals('operation_finished');
  const { kind, stands } = tenant.operation;
  const done: Allowed[] = [
    { status: 202, operation: { id }, changes: true, after: () => ({ ...world, tenant: cancelling(tenant) }) },
  ];
  if (kind !== 'purge' || stands === 'early') return done;
  return stands === 'late' ? refusals('cancel_not_possible') : [...done, ...refusals('cancel_not_possible')];
}
