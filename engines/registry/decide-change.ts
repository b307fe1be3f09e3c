import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import type { Transition } from '../../contracts/lifecycle.ts';
import type { DeclaredTenantSpec, TenantSpec } from '../../contracts/manifests/tenant.ts';
import type { AdmissionAction, PolicyDecision } from '../../contracts/policy.ts';
import { mayPreempt } from '../../domain/lifecycle.ts';
import { isReversible } from '../../domain/step-plan.ts';
import { fieldsBefore, planTenantChange, withFields } from '../../domain/tenant-change.ts';
import type { ChangeOptions, SettledSpec, TenantChange } from '../../domain/tenant-change.ts';
import { isEarlyPurge, isFulfilled, isOnItsWay, planTenantVerb } from '../../domain/tenant-verb.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { recordEntries } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { policyRefusal } from '../admission/admission.ts';
import type { Admission, Admit } from '../admission/admission.ts';
import { choosePlacement } from '../admission/choose-placement.ts';
import { refusalEntry } from './caller.ts';
import type { ChangeTenantRequest, Command, Declare } from './change-tenant.ts';
import type { Templates } from './templates.ts';

interface DecidedBase {
  readonly action: AdmissionAction;
  readonly declaration: Declaration<TenantSpec>;
  readonly change: TenantChange;
  readonly policy: PolicyDecision;
}

/** A change that may be made. */
export interface DecidedChange extends DecidedBase {
  readonly kind: 'change';
}

/** A path that may be taken once the running operation has been undone. */
export interface DecidedPreemption extends DecidedBase {
  readonly kind: 'preempt';
  readonly change: TenantChange & { readonly transition: Transition };
  readonly current: TenantDocument;
  readonly running: OperationDocument;
}

export type Decided = DecidedChange | DecidedPreemption | { readonly kind: 'unchanged'; readonly current: TenantDocument };

export interface DecideDependencies {
  readonly store: Pick<Store, 'commit' | 'cells' | 'operations'>;
  readonly admit: Admit;
  readonly templates: Templates;
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
}

/** Refusals that say no to what was asked for. Conflicts with what others do at the same time are not among them. */
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
  if (operation !== null) throw new TenureError('operation_in_progress', `operation ${operation.id} (${operation.kind}) of tenant "${name}" is running`, { operationId: operation.id });
}

/** Whether an operation no longer leads to where it was to lead. */
function isBeingUndone(running: OperationDocument | undefined): boolean {
  return running !== undefined && (running.cancelRequestTime !== null || running.state === 'compensating');
}

/** Whether what is declared now will not be when the operation has been undone. */
function takesBack(running: OperationDocument | undefined): boolean {
  return running !== undefined && isBeingUndone(running) && Object.keys(running.restore).length > 0;
}

/** A tenant whose declared lifecycle is said; that of one that never named it is Draft. */
export function settled(tenant: TenantDocument): TenantDocument & { readonly spec: SettledSpec } {
  return { ...tenant, spec: { ...tenant.spec, lifecycle: tenant.spec.lifecycle ?? 'Draft' } };
}

/** Decides whether the tenant may become what is asked for. A refusal changes nothing and leaves its own entry. */
export function createDecide({ store, admit, templates, requireTemporal }: DecideDependencies): (request: ChangeTenantRequest, current: TenantDocument | undefined) => Promise<Decided> {
  async function refuse(error: unknown, request: ChangeTenantRequest, action: string, current: TenantDocument | undefined, policy?: PolicyDecision): Promise<never> {
    if (error instanceof TenureError && recordedRefusals.has(error.code)) {
      await recordEntries(store.commit, [
        refusalEntry(request.caller, {
          action,
          target: { kind: 'Tenant', name: request.name, ...(current === undefined ? {} : { uid: current._id }) },
          ...(current === undefined ? {} : { tenant: current._id }),
          ...(policy === undefined ? {} : { policy }),
          reason: error.code,
        }),
      ]);
    }
    throw error;
  }

  /** Asks policy, and whatever else must be so before an operation is accepted. */
  async function ask(request: ChangeTenantRequest, action: AdmissionAction, current: TenantDocument | undefined, change: TenantChange): Promise<PolicyDecision> {
    const admission: Admission = await admit({
      action,
      actor: request.caller.actor,
      tenant: { name: request.name, ...(current === undefined ? {} : { uid: current._id }), lifecycle: current?.lifecycle ?? 'Draft', spec: change.spec },
      placement: current?.placement ?? null,
      deletion: current?.deletion ?? null,
      early: 'verb' in request && isEarlyPurge(request.verb),
    });
    const { verdict, plan, regions } = admission;
    try {
      if (!verdict.allow) throw policyRefusal(verdict);
      if (change.transition?.path === 'activate' && plan !== undefined) choosePlacement({ spec: change.spec, plan: plan.spec, regions, cells: await store.cells.observations() });
      if (change.transition !== undefined) await requireTemporal();
    } catch (error) {
      return refuse(error, request, action, current, verdict.decision);
    }
    return verdict.decision;
  }

  /** The versions that the declaration goes by: an unnamed one is the one in effect, where the template stays the same. */
  async function templatesOf({ template }: DeclaredTenantSpec, current: TenantDocument | undefined): Promise<ChangeOptions['templates']> {
    if (template === undefined) return undefined;
    const bound = current?.spec.template;
    const declared = await templates.version(template.name, template.version ?? (bound?.name === template.name ? bound.version : undefined));
    return { declared, current: current === undefined ? undefined : await templates.of(current.spec) };
  }

  /** @throws TenureError revision_stale, where it has ended since the tenant was read: what stands then is not what is decided on */
  async function runningOn({ name, operation }: TenantDocument): Promise<OperationDocument | undefined> {
    if (operation === null) return undefined;
    const running = await store.operations.find(operation.id);
    if (running?.unfinished !== true) throw new TenureError('revision_stale', `operation ${operation.id} of tenant "${name}" has ended meanwhile`);
    return running;
  }

  async function decideDeclaration(request: Declare, current: TenantDocument | undefined): Promise<Decided> {
    const declared = await request.declare(current);
    const action = current === undefined ? 'tenant.create' : 'tenant.update';
    let change: TenantChange;
    try {
      change = planTenantChange(declared.spec, current, canonicallyEqual, { force: request.force === true, templates: await templatesOf(declared.spec, current) });
    } catch (error) {
      // While an operation runs, what stands is not what it will be judged against.
      if (current !== undefined) refuseWhileRunning(current);
      return refuse(error, request, action, current);
    }
    const declaration = { ...declared, spec: change.spec };
    const path = change.transition?.path;
    const unchanged =
      current !== undefined && canonicallyEqual(change.spec, current.spec) && canonicallyEqual(declaration.labels, current.labels) && canonicallyEqual(declaration.annotations, current.annotations);
    if (unchanged && (path === undefined || current.operation?.kind === path) && !takesBack(await runningOn(current))) return { kind: 'unchanged', current };
    // Whoever may not take a path by its verb may not take it by declaring where it leads.
    if (path !== undefined) await request.permit?.(`tenant.${path}`, current);
    if (current !== undefined) refuseWhileRunning(current);
    // What a path's own rules do not look at is an update beside it; so is a change of services as a whole.
    const beside = current !== undefined && path !== 'activate' && (path === 'reconcile' || !canonicallyEqual(withFields(change.spec, fieldsBefore(change.assign, current.spec)), current.spec));
    if (beside || path === undefined) {
      const policy = await ask(request, action, current, change);
      if (path === undefined || path === 'reconcile') return { kind: 'change', action: path === undefined ? action : `tenant.${path}`, declaration, change, policy };
    }
    return { kind: 'change', action: `tenant.${path}`, declaration, change, policy: await ask(request, `tenant.${path}`, current, change) };
  }

  async function decideCommand(request: Command, found: TenantDocument | undefined): Promise<Decided> {
    if (found === undefined) throw new TenureError('not_found', `tenant "${request.name}" does not exist`);
    const { verb } = request;
    const action = `tenant.${verb.path}` as const;
    const running = await runningOn(found);
    const undone = isBeingUndone(running);
    if (running === undefined ? isFulfilled(verb, settled(found)) : isOnItsWay(verb, running) && !undone) return { kind: 'unchanged', current: found };
    const preempts = running !== undefined && request.preempt === true && found.pending === null && mayPreempt(verb.path, { ...running, isBeingUndone: undone }) && isReversible(running.kind, running.steps);
    if (!preempts) refuseWhileRunning(found);
    // The tenant as it will be when the running operation has been undone.
    const current = settled(preempts ? { ...found, spec: withFields(settled(found).spec, running.restore), deletion: running.before.deletion } : found);
    let change: TenantChange & { readonly transition: Transition };
    try {
      change = planTenantVerb(verb, current);
    } catch (error) {
      return refuse(error, request, action, current);
    }
    const policy = await ask(request, action, current, change);
    const { labels, annotations } = current;
    const decided = { action, declaration: { labels, annotations, spec: change.spec }, change, policy };
    return preempts ? { kind: 'preempt', ...decided, current: found, running } : { kind: 'change', ...decided };
  }

  return (request, current) => ('verb' in request ? decideCommand(request, current) : decideDeclaration(request, current));
}
