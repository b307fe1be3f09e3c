import type { ProblemCode } from '../../contracts/problems.ts';
import { isStale, refusals, settled, unchanged } from './allowed-answer.ts';
import type { Allowed } from './allowed-answer.ts';
import type { ManifestFields, RequestOf } from './request.ts';
import { begunAll, isBeingUndone, knownPlans, legsOf, withEvent } from './world.ts';
import type { ModelTenant, World } from './world.ts';

/** The allowed answers to the declaration of a new tenant. */
export function create(world: World, fields: ManifestFields): Allowed[] {
  if (world.tenant !== null) return refusals('already_exists');
  const { lifecycle = 'Draft', plan, title = null, flawed = false } = fields;
  const objections: ProblemCode[] = [];
  if (!knownPlans.includes(plan)) objections.push('policy_refused');
  if (objections.length > 0) return refusals(...objections);
  const draft: ModelTenant = {
    ...{
      state: 'Draft',
      declared: 'Draft',
      plan,
      title,
      flawed,
      hold: null,
      scheduled: null,
      bound: null,
      deletedFrom: null,
    },
    ...{
      owned: { lifecycle: false, plan: false },
      documents: 0,
      takenBack: false,
      operation: null,
      pending: null,
      events: ['tenant.created.v1'],
    },
  };
  if (lifecycle === 'Draft') return settled(world, draft, 201);
  const legs = legsOf('Draft', lifecycle, {}) ?? [];
  const after = (id: string, following: readonly string[]): World => ({
    ...world,
    tenant: begunAll(draft, legs, [id, ...following]),
    moved: true,
  });
  return [{ status: 202, operation: 'new', changes: true, after }];
}

/** The allowed answers to a manifest. */
export function put(world: World, request: RequestOf<'put'>): Allowed[] {
  const { tenant } = world;
  if (tenant === null) return request.on === 'absent' ? create(world, request) : refusals('not_found');
  if (request.on === 'absent') return refusals('precondition_failed');
  if (isStale(request.on, world)) return refusals('revision_stale');
  const { state, operation } = tenant;
  if (state === 'Deleted') return refusals(operation === null ? 'tenant_deleted' : 'operation_in_progress');
  const { plan, lifecycle: declared = tenant.declared, title = null, flawed = false } = request;
  const same =
    declared === tenant.declared && plan === tenant.plan && title === tenant.title && flawed === tenant.flawed;
  // After a declaration was rolled back, a manifest that repeats the restored spec is a change: it confirms that spec.
  if (same && operation === null && tenant.takenBack)
    return settled(world, { ...withEvent(tenant, 'updated'), takenBack: false });
  if (same) {
    const { owned: _owned, scheduled: _scheduled, ...fields } = operation?.undo ?? { owned: {} };
    const taken = operation === null || Object.keys(fields).length === 0 ? 'no' : isBeingUndone(operation);
    return [...(taken === 'yes' ? [] : unchanged(world)), ...(taken === 'no' ? [] : refusals('operation_in_progress'))];
  }
  if (operation !== null) return refusals('operation_in_progress');

  // Outside Draft, a field that has its own path is changed by an operation.
  const isDraft = state === 'Draft';
  const changesPlan = !isDraft && plan !== tenant.plan;
  const legs = legsOf(state, declared, {
    ...(changesPlan ? { change_plan: { plan } } : {}),
    ...(!isDraft && flawed !== tenant.flawed ? { reconcile: { flawed } } : {}),
  });

  const objections: ProblemCode[] = [];
  if (legs === undefined) objections.push('transition_not_allowed');
  else if (changesPlan && !legs.some(({ kind }) => kind === 'change_plan')) objections.push('change_not_available');
  if (!knownPlans.includes(plan)) objections.push('policy_refused');
  const reverses =
    (tenant.owned.lifecycle && declared !== tenant.declared) || (tenant.owned.plan && plan !== tenant.plan);
  if (reverses && request.force !== true) objections.push('field_owned');
  if (objections.length > 0) return refusals(...objections);

  const told = withEvent(tenant, 'updated');
  const owned = {
    lifecycle: tenant.owned.lifecycle && declared === tenant.declared,
    plan: tenant.owned.plan && plan === tenant.plan,
  };
  if (legs === undefined || legs.length === 0)
    return settled(world, { ...told, plan, title, flawed, owned, takenBack: false });
  const beside = isDraft ? { title, plan, flawed, owned: { ...tenant.owned, plan: owned.plan } } : { title };
  const after = (id: string, following: readonly string[]): World => ({
    ...world,
    tenant: begunAll({ ...told, ...beside }, legs, [id, ...following]),
    moved: true,
  });
  return [{ status: 202, operation: 'new', changes: true, after }];
}
