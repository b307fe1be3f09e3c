import type { LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import type { ManifestFields, ModelRequest, RequestOf } from './request.ts';
import { begun, cancelling, declaredWay, knownPlans, leads, undone, withEvent } from './world.ts';
import type { Assigned, ModelTenant, RunningOperation, World } from './world.ts';

/** An answer that the model allows in one world, and the world after it. */
export type Allowed =
  | { readonly refused: ProblemCode }
  | {
      readonly status: 200 | 201 | 202;
      /** The operation in the answer: one that it names, a new one, or none. */
      readonly operation: { readonly id: string } | 'new' | 'none';
      /** Whether anything is committed for it. */
      readonly changes: boolean;
      /** Given the new operation's id, where there is one. */
      readonly after: (operationId: string) => World;
    };

const refusals = (...codes: ProblemCode[]): Allowed[] => [...new Set(codes)].map((refused) => ({ refused }));

function unchanged(world: World, status: 200 | 202 = 200): Allowed[] {
  const operation = world.tenant?.operation ?? null;
  return [{ status: operation === null ? status : 202, operation: operation === null ? 'none' : { id: operation.id }, changes: false, after: () => world }];
}

function settled(world: World, tenant: ModelTenant, status: 200 | 201 = 200): Allowed[] {
  return [{ status, operation: 'none', changes: true, after: () => ({ ...world, tenant, moved: true }) }];
}

type VerbRequest = RequestOf<'verb' | 'purge' | 'change-plan'>;

const pathOf = (request: VerbRequest): OperationKind => (request.do === 'verb' ? request.path : request.do === 'purge' ? 'purge' : 'change_plan');

/** Where a verb has nothing to do: undelete and reconcile are always something to be done. */
const home: Partial<Record<OperationKind, LifecycleState>> = { activate: 'Active', resume: 'Active', reactivate: 'Active', suspend: 'Suspended', archive: 'Archived', delete: 'Deleted' };

function isThere(request: VerbRequest, tenant: ModelTenant): boolean {
  return request.do === 'change-plan' ? tenant.plan === request.plan : home[pathOf(request)] === tenant.state;
}

/** Everything that stands in a verb's way, of a tenant that nothing runs on. */
function objectionsToVerb(request: VerbRequest, tenant: ModelTenant): ProblemCode[] {
  const path = pathOf(request);
  const objections: ProblemCode[] = [];
  if (leads(path, tenant) === undefined) objections.push('transition_not_allowed');
  if ((path === 'delete' || path === 'purge') && tenant.hold !== null) objections.push('policy_refused');
  // No tenant of the model gets old enough for a purge that is not asked for before its time.
  if (request.do === 'purge' && !request.early) objections.push('policy_refused');
  if (request.do === 'change-plan' && !knownPlans.includes(request.plan)) objections.push('policy_refused');
  return objections;
}

function assignedBy(request: VerbRequest, { state }: ModelTenant): Assigned {
  if (request.do === 'change-plan') return { plan: request.plan };
  const to = home[pathOf(request)];
  return to === undefined || to === 'Deleted' || to === state ? {} : { declared: to };
}

const isStale = (on: 'any' | 'current' | 'stale' | 'absent', { moved }: World): boolean => on === 'stale' || (on === 'current' && moved);

function verb(world: World, request: VerbRequest): Allowed[] {
  const { tenant } = world;
  if (tenant === null) return refusals('not_found');
  const path = pathOf(request);
  const { operation: running } = tenant;
  if (running === null && isThere(request, tenant)) return unchanged(world);
  if (isStale(request.on, world)) return refusals('revision_stale');
  if (running?.kind === path && (request.do !== 'change-plan' || tenant.plan === request.plan)) return unchanged(world);
  // What it will be when the running operation has been undone is what the rules are about.
  const stands = undone(tenant);
  const to = leads(path, stands);
  if (running !== null) {
    const mayPreempt = request.preempt === true && tenant.pending === null && running.kind !== 'purge' && running.kind !== path && to !== undefined;
    if (!mayPreempt) return refusals('operation_in_progress');
  }
  const objections = objectionsToVerb(request, stands);
  if (objections.length > 0 || to === undefined) return refusals(...objections);
  const route = { kind: path, from: tenant.state, to };
  const assign = assignedBy(request, stands);
  const after = (id: string): World => {
    const changed = running === null ? begun(tenant, { id, ...route }, assign, 'verb') : { ...cancelling(tenant), pending: { id, ...route, assign } };
    return { ...world, tenant: changed, moved: true };
  };
  return [{ status: 202, operation: 'new', changes: true, after }];
}

function create(world: World, fields: ManifestFields): Allowed[] {
  if (world.tenant !== null) return refusals('already_exists');
  const { lifecycle = 'Draft', plan, title = null, flawed = false } = fields;
  const objections: ProblemCode[] = [];
  if (lifecycle !== 'Draft' && lifecycle !== 'Active') objections.push('transition_not_allowed');
  if (!knownPlans.includes(plan)) objections.push('policy_refused');
  if (objections.length > 0) return refusals(...objections);
  const draft: ModelTenant = {
    ...{ state: 'Draft', declared: 'Draft', plan, title, flawed, hold: null, scheduled: null, bound: null, deletedFrom: null },
    ...{ owned: { lifecycle: false, plan: false }, documents: 0, operation: null, pending: null, events: ['tenant.created.v1'] },
  };
  if (lifecycle === 'Draft') return settled(world, draft, 201);
  const after = (id: string): World => ({ ...world, tenant: begun(draft, { id, kind: 'activate', from: 'Draft', to: 'Active' }, { declared: 'Active' }, 'manifest'), moved: true });
  return [{ status: 202, operation: 'new', changes: true, after }];
}

function put(world: World, request: RequestOf<'put'>): Allowed[] {
  const { tenant } = world;
  if (tenant === null) return request.on === 'absent' ? create(world, request) : refusals('not_found');
  if (request.on === 'absent') return refusals('already_exists');
  if (isStale(request.on, world)) return refusals('revision_stale');
  const { state, operation } = tenant;
  if (state === 'Deleted') return refusals(operation === null ? 'tenant_deleted' : 'operation_in_progress');
  const { plan, lifecycle: declared = tenant.declared, title = null, flawed = false } = request;
  const same = declared === tenant.declared && plan === tenant.plan && title === tenant.title && flawed === tenant.flawed;
  if (same) return unchanged(world);
  if (operation !== null) return refusals('operation_in_progress');

  // Outside Draft what has a path of its own is brought about by an operation, and one manifest asks for one operation.
  const isDraft = state === 'Draft';
  const changes: { readonly kind: OperationKind | undefined; readonly assign: Assigned }[] = [];
  if (declared !== state) changes.push({ kind: declaredWay(state, declared), assign: { declared } });
  if (!isDraft && plan !== tenant.plan) changes.push({ kind: 'change_plan', assign: { plan } });
  if (!isDraft && flawed !== tenant.flawed) changes.push({ kind: 'reconcile', assign: { flawed } });

  const objections: ProblemCode[] = [];
  if (declared !== state && declaredWay(state, declared) === undefined) objections.push('transition_not_allowed');
  if (changes.length > 1 || (state === 'Archived' && plan !== tenant.plan)) objections.push('change_not_available');
  if (!knownPlans.includes(plan)) objections.push('policy_refused');
  const reverses = (tenant.owned.lifecycle && declared !== tenant.declared) || (tenant.owned.plan && plan !== tenant.plan);
  if (reverses && request.force !== true) objections.push('field_owned');
  if (objections.length > 0) return refusals(...objections);

  const [change] = changes;
  const told = withEvent(tenant, 'updated');
  const owned = { lifecycle: tenant.owned.lifecycle && declared === tenant.declared, plan: tenant.owned.plan && plan === tenant.plan };
  if (change?.kind === undefined) return settled(world, { ...told, plan, title, flawed, owned });
  const { kind, assign } = change;
  const beside = isDraft ? { title, plan, flawed, owned: { ...tenant.owned, plan: owned.plan } } : { title };
  const to = assign.declared ?? state;
  const after = (id: string): World => ({ ...world, tenant: begun({ ...told, ...beside }, { id, kind, from: state, to }, assign, 'manifest'), moved: true });
  return [{ status: 202, operation: 'new', changes: true, after }];
}

function hold(world: World, tenant: ModelTenant, reason: string | null): Allowed[] {
  if (tenant.hold === reason) return unchanged(world).map((one) => ({ ...one, status: 200 as const, operation: 'none' as const }));
  const { operation } = tenant;
  if (operation?.kind === 'purge') return refusals('operation_in_progress');
  const changed = withEvent({ ...tenant, hold: reason }, reason === null ? 'hold_released' : 'held');
  if (operation?.kind !== 'delete' || operation.stands === 'late') return settled(world, changed);
  return settled(world, { ...changed, operation: { ...operation, ends: endsUnderHold(operation, reason !== null) } });
}

/** The deletion asks policy before each of its steps, and policy looks at the hold. */
function endsUnderHold({ ends, stands }: RunningOperation, held: boolean): readonly FinalOperationState[] {
  if (ends.every((end) => end === 'cancelled')) return ends;
  if (held && stands === 'early') return ['failed'];
  return [...new Set([...ends, held ? ('failed' as const) : ('succeeded' as const)])];
}

/** Plans change while a tenant is Active or Suspended, and are scheduled then. */
const takesPlans = ({ state }: ModelTenant): boolean => state === 'Active' || state === 'Suspended';

function schedule(world: World, tenant: ModelTenant, plan: string): Allowed[] {
  if (!takesPlans(tenant) || !knownPlans.includes(plan)) return refusals('policy_refused');
  if (tenant.scheduled === plan) return [{ status: 200, operation: 'none', changes: false, after: () => world }];
  return settled(world, withEvent({ ...tenant, scheduled: plan }, 'plan_change_scheduled'));
}

function unschedule(world: World, tenant: ModelTenant): Allowed[] {
  if (!takesPlans(tenant)) return refusals('policy_refused');
  if (tenant.scheduled !== null) return settled(world, withEvent({ ...tenant, scheduled: null }, 'plan_change_unscheduled'));
  if (tenant.operation?.kind === 'change_plan') return refusals('operation_in_progress');
  return [{ status: 200, operation: 'none', changes: false, after: () => world }];
}

function cancel(world: World, id: string): Allowed[] {
  const { tenant, ended } = world;
  if (tenant?.pending?.id === id) {
    return [{ status: 200, operation: { id }, changes: true, after: () => ({ ...world, tenant: { ...tenant, pending: null }, ended: { ...ended, [id]: 'cancelled' }, moved: true }) }];
  }
  if (tenant?.operation?.id !== id) return ended[id] === 'cancelled' ? [{ status: 200, operation: { id }, changes: false, after: () => world }] : refusals('operation_finished');
  const { kind, stands } = tenant.operation;
  const done: Allowed[] = [{ status: 202, operation: { id }, changes: true, after: () => ({ ...world, tenant: cancelling(tenant) }) }];
  if (kind !== 'purge' || stands === 'early') return done;
  return stands === 'late' ? refusals('cancel_not_possible') : [...done, ...refusals('cancel_not_possible')];
}

/** Every answer that the model allows to a request in this world. `about`: of `cancel`, the operation that it names. */
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

function onTenant(world: World, tenant: ModelTenant, request: RequestOf<'read' | 'hold' | 'release' | 'schedule' | 'unschedule'>): Allowed[] {
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
