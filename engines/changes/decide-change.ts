import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import type { DeclaredTenantSpec } from '../../contracts/manifests/tenant.ts';
import type { AdmissionAction, PolicyDecision } from '../../contracts/policy.ts';
import { assignedBy, unfold } from '../../domain/course.ts';
import type { UnfoldedLeg } from '../../domain/course.ts';
import { mayPreempt } from '../../domain/lifecycle.ts';
import { isReversible } from '../../domain/step-plan.ts';
import { isRolledBack } from '../../domain/operation-outcomes.ts';
import { fieldsBefore, restoredBy, withFields } from '../../domain/spec-fields.ts';
import type { CompleteSpec } from '../../domain/spec-fields.ts';
import { planTenantChange } from '../../domain/tenant-change.ts';
import type { ChangeOptions, TenantChange } from '../../domain/tenant-change.ts';
import { isEarlyPurge, isFulfilled, isAlreadyRunning, planTenantVerb } from '../../domain/tenant-verb.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import { policyRefusal, choosePlacement } from '../admission/admission.ts';
import type { Admission, Admit } from '../admission/admission.ts';
import { refusalEntry } from '../requests/caller.ts';
import { requireNamed } from '../requests/precondition.ts';
import type { Templates } from '../rollouts/templates.ts';
import type { ChangeTenantRequest, Command, Declare, AllowedLeg, Decided } from './change-request.ts';

export interface DecideDependencies {
  readonly store: Pick<Store, 'commit' | 'refusals' | 'cells' | 'operations'>;
  readonly admit: Admit;
  readonly templates: Templates;
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
}

/** Refusals of the request itself, as opposed to conflicts with concurrent changes. */
const recordedRefusals = new Set([
  'policy_refused',
  'placement_impossible',
  'template_not_available',
  'isolation_not_available',
  'transition_not_allowed',
  'placement_immutable',
  'change_not_available',
  'field_owned',
  'tenant_held',
  'tenant_deleted',
]);

/** @throws TenureError operation_in_progress */
export function refuseWhileRunning({ name, operation }: Pick<TenantDocument, 'name' | 'operation'>): void {
  if (operation !== null)
    throw new TenureError(
      'operation_in_progress',
      `operation ${operation.id} (${operation.kind}) of tenant "${name}" is running`,
      { operationId: operation.id },
    );
}

/** Whether the operation no longer leads to its intended end. */
function isBeingUndone(running: OperationDocument | undefined): boolean {
  return running !== undefined && (running.cancelRequestTime !== null || running.state === 'compensating');
}

/** Whether undoing the operation will change what is declared now. */
function willRollBack(running: OperationDocument | undefined): boolean {
  return running !== undefined && isBeingUndone(running) && Object.keys(restoredBy(running)).length > 0;
}

/** The tenant with its declared lifecycle filled in: Draft if it was never declared. */
export function withLifecycle(tenant: TenantDocument): TenantDocument & { readonly spec: CompleteSpec } {
  return { ...tenant, spec: { ...tenant.spec, lifecycle: tenant.spec.lifecycle ?? 'Draft' } };
}

/** Decides whether the requested change is allowed. A refusal changes nothing and writes its own entry. */
export function createDecide({
  store,
  admit,
  templates,
  requireTemporal,
}: DecideDependencies): (request: ChangeTenantRequest, current: TenantDocument | undefined) => Promise<Decided> {
  async function refuse(
    error: unknown,
    request: ChangeTenantRequest,
    action: string,
    current: TenantDocument | undefined,
    policy?: PolicyDecision,
  ): Promise<never> {
    if (error instanceof TenureError && recordedRefusals.has(error.code)) {
      await store.refusals.record(
        refusalEntry(request.caller, {
          action,
          target: { kind: 'Tenant', name: request.name, ...(current === undefined ? {} : { uid: current._id }) },
          ...(current === undefined ? {} : { tenant: current._id }),
          ...(policy === undefined ? {} : { policy }),
          reason: error.code,
        }),
      );
    }
    throw error;
  }

  /** Asks policy about the tenant as it will be, and checks everything else that an operation needs to be accepted. */
  async function askPolicy(
    request: ChangeTenantRequest,
    action: AdmissionAction,
    current: TenantDocument | undefined,
    spec: CompleteSpec,
    leg?: UnfoldedLeg,
  ): Promise<PolicyDecision> {
    const admission: Admission = await admit({
      action,
      actor: request.caller.actor,
      tenant: {
        name: request.name,
        ...(current === undefined ? {} : { uid: current._id }),
        lifecycle: leg?.transition.from ?? current?.lifecycle ?? 'Draft',
        spec,
      },
      placement: current?.placement ?? null,
      deletion: current?.deletion ?? null,
      early: 'verb' in request && isEarlyPurge(request.verb),
    });
    const { verdict, plan, regions } = admission;
    try {
      if (!verdict.allow) throw policyRefusal(verdict);
      if (leg?.transition.path === 'activate' && plan !== undefined)
        choosePlacement({ spec, plan: plan.spec, regions, cells: await store.cells.observations() });
      if (leg !== undefined) await requireTemporal();
    } catch (error) {
      return refuse(error, request, action, current, verdict.decision);
    }
    return verdict.decision;
  }

  /** Asks policy about each operation in the state in which it will start. */
  async function askPolicyAboutLegs(
    request: ChangeTenantRequest,
    current: TenantDocument | undefined,
    legs: readonly UnfoldedLeg[],
  ): Promise<AllowedLeg[]> {
    const allowed: AllowedLeg[] = [];
    for (const leg of legs)
      allowed.push({
        ...leg,
        policy: await askPolicy(request, `tenant.${leg.transition.path}`, current, leg.spec, leg),
      });
    return allowed;
  }

  /**
   * The template versions of the declaration. Without a version, it is the one in effect if the template stays the
   * same.
   */
  async function templatesOf(
    { template }: DeclaredTenantSpec,
    current: TenantDocument | undefined,
  ): Promise<ChangeOptions['templates']> {
    if (template === undefined) return undefined;
    const bound = current?.spec.template;
    const declared = await templates.version(
      template.name,
      template.version ?? (bound?.name === template.name ? bound.version : undefined),
    );
    return { declared, current: current === undefined ? undefined : await templates.of(current.spec) };
  }

  /**
   * @throws TenureError revision_stale if it has ended since the tenant was read: the state to decide on is out of date
   */
  async function runningOn({ name, operation }: TenantDocument): Promise<OperationDocument | undefined> {
    if (operation === null) return undefined;
    const running = await store.operations.find(operation.id);
    if (running?.unfinished !== true)
      throw new TenureError('revision_stale', `operation ${operation.id} of tenant "${name}" ended in the meantime`);
    return running;
  }

  async function decideDeclaration(request: Declare, current: TenantDocument | undefined): Promise<Decided> {
    const declared = await request.declare(current);
    const action = current === undefined ? 'tenant.create' : 'tenant.update';
    let change: TenantChange;
    try {
      change = planTenantChange(declared.spec, current, canonicallyEqual, {
        force: request.force === true,
        templates: await templatesOf(declared.spec, current),
      });
    } catch (error) {
      // While an operation runs, the declaration will not be checked against the current state.
      if (current !== undefined) refuseWhileRunning(current);
      return refuse(error, request, action, current);
    }
    const { spec, legs } = change;
    const declaration = { ...declared, spec };
    // After a declaration was rolled back, declaring the current state again is a change: it puts that state into
    // effect.
    const unchanged =
      current !== undefined &&
      !isRolledBack(current.conditions) &&
      canonicallyEqual(spec, current.spec) &&
      canonicallyEqual(declaration.labels, current.labels) &&
      canonicallyEqual(declaration.annotations, current.annotations);
    // The running operation leads to the declared state unless it is being undone.
    if (unchanged && (legs.length === 0 || current.operation !== null) && !willRollBack(await runningOn(current)))
      return { kind: 'unchanged', current };
    requireNamed(request.named, request.precondition, `tenant "${request.name}"`, current);
    // A caller that may not use a verb may not declare its result either.
    for (const { transition } of legs) await request.permit?.(`tenant.${transition.path}`, current);
    if (current === undefined && spec.hold !== undefined) await request.permit?.('tenant.hold', undefined);
    if (current !== undefined) refuseWhileRunning(current);
    const before = current === undefined ? { ...spec, lifecycle: 'Draft' as const } : withLifecycle(current).spec;
    const unfolded = unfold(legs, before, spec);
    // Fields that the rules of the path do not check need an update check as well; so does any change of services.
    const needsUpdateCheck =
      current !== undefined &&
      legs.every(({ transition }) => transition.path !== 'activate') &&
      (legs.some(({ transition }) => transition.path === 'reconcile') ||
        !canonicallyEqual(withFields(spec, fieldsBefore(assignedBy(legs), before)), before));
    const declaredPolicy =
      needsUpdateCheck || legs.length === 0 ? await askPolicy(request, action, current, spec) : undefined;
    // Do not ask policy again about a reconcile of the spec that it has just allowed.
    const [only, ...others] = unfolded;
    if (
      declaredPolicy !== undefined &&
      (only === undefined || (only.transition.path === 'reconcile' && others.length === 0))
    ) {
      if (only !== undefined) await requireTemporal();
      return {
        kind: 'change',
        declaration,
        policy: declaredPolicy,
        legs: only === undefined ? [] : [{ ...only, policy: declaredPolicy }],
      };
    }
    const allowed = await askPolicyAboutLegs(request, current, unfolded);
    const policy = declaredPolicy ?? allowed[0]?.policy;
    if (policy === undefined) throw new TenureError('internal', 'a change was decided on without a decision');
    return { kind: 'change', declaration, policy, legs: allowed };
  }

  async function decideCommand(request: Command, found: TenantDocument | undefined): Promise<Decided> {
    if (found === undefined) throw new TenureError('not_found', `tenant "${request.name}" does not exist`);
    const { verb } = request;
    const action = `tenant.${verb.path}` as const;
    const running = await runningOn(found);
    const beingUndone = isBeingUndone(running);
    if (
      running === undefined ? isFulfilled(verb, withLifecycle(found)) : isAlreadyRunning(verb, running) && !beingUndone
    )
      return { kind: 'unchanged', current: found };
    const preempts =
      running !== undefined &&
      request.preempt === true &&
      found.pending === null &&
      mayPreempt(verb.path, { ...running, isBeingUndone: beingUndone }) &&
      isReversible(running.kind, running.steps);
    if (!preempts) refuseWhileRunning(found);
    // The tenant as it will be once the running operation has been undone.
    const current = withLifecycle(
      preempts
        ? {
            ...found,
            spec: withFields(withLifecycle(found).spec, restoredBy(running)),
            deletion: running.before.deletion,
          }
        : found,
    );
    let planned: ReturnType<typeof planTenantVerb>;
    try {
      planned = planTenantVerb(verb, current);
    } catch (error) {
      return refuse(error, request, action, current);
    }
    const [leg] = await askPolicyAboutLegs(request, current, unfold(planned.legs, current.spec, planned.spec));
    if (leg === undefined) throw new TenureError('internal', 'a verb is an operation');
    const { labels, annotations } = current;
    const decided = { declaration: { labels, annotations, spec: planned.spec }, policy: leg.policy };
    return preempts
      ? { kind: 'preempt', ...decided, leg, current: found, running }
      : { kind: 'change', ...decided, legs: [leg] };
  }

  return (request, current) =>
    'verb' in request ? decideCommand(request, current) : decideDeclaration(request, current);
}
