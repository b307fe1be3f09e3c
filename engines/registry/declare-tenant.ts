import { canonicalDigest } from '../../contracts/canonical-json.ts';
import type { AdmissionRequest, PolicyDecision } from '../../contracts/policy.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { updateConditions } from '../../domain/conditions.ts';
import { resolvePlacement } from '../../domain/placement.ts';
import { planTenantChange } from '../../domain/tenant-change.ts';
import type { TenantChange } from '../../domain/tenant-change.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import { recordEntries } from '../../store/commit.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { stateReference } from '../../store/resources.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { draftTenant } from '../../store/tenants.ts';
import { policyRefusal } from '../admission/admission.ts';
import type { Admission, Admit } from '../admission/admission.ts';
import { callerEntry, refusalEntry } from './caller.ts';
import type { Caller } from './caller.ts';
import { decidedAnew, requirePrecondition } from './precondition.ts';
import type { Precondition } from './precondition.ts';

export interface DeclareTenantRequest {
  readonly name: string;
  /** What is declared, given the tenant as it stands. */
  readonly declare: (current: TenantDocument | undefined) => Declaration<TenantSpec>;
  readonly precondition: Precondition;
  readonly caller: Caller;
  /** Runs in the commit, with what it made: keeps the answer under the request's idempotency key. */
  readonly settle: (tx: Transaction, declared: DeclaredTenant) => Promise<void>;
}

export interface DeclaredTenant {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly tenant: TenantDocument;
  /** The operation that brings it about, new or running already. */
  readonly operation?: OperationDocument;
}

export interface DeclareTenantDependencies {
  readonly store: Store;
  readonly admit: Admit;
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
  readonly failpoints: Failpoints;
}

export type DeclareTenant = (request: DeclareTenantRequest) => Promise<DeclaredTenant>;

const equal = (a: unknown, b: unknown): boolean => canonicalDigest(a ?? null) === canonicalDigest(b ?? null);

/** Refusals that say no to what was asked for. Conflicts with what others do at the same time are not among them. */
const recordedRefusals = new Set(['policy_refused', 'placement_impossible', 'isolation_not_available', 'transition_not_allowed', 'placement_immutable', 'change_not_available']);

/**
 * Accepts what a tenant is declared to be. In one commit: the new revision, the lock and the operation where one is
 * needed, the entry, and the caller's answer. A refusal changes nothing and leaves its own entry.
 */
export function createDeclareTenant({ store, admit, requireTemporal, failpoints }: DeclareTenantDependencies): DeclareTenant {
  async function requirePlaceable(spec: TenantSpec, { plan, regions }: Admission): Promise<void> {
    if (plan === undefined) return;
    const placed = resolvePlacement({ spec, plan: plan.spec, regions, cells: await store.cells.observations() });
    if (placed.outcome === 'placed') return;
    if (placed.waitMayHelp) throw new TenureError('cell_unavailable', 'no cell that may take the tenant can be reached now');
    const errors = placed.candidates.map(({ region, cell, removedBy }) => ({ message: `${cell ?? region}: ${removedBy?.message ?? ''}`, ...(removedBy === undefined ? {} : { rule: removedBy.rule }) }));
    throw new TenureError('placement_impossible', 'every region and cell was removed from the candidates', { errors });
  }

  async function refuse(error: unknown, request: DeclareTenantRequest, action: string, current: TenantDocument | undefined, policy?: PolicyDecision): Promise<never> {
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

  async function decide(request: DeclareTenantRequest, current: TenantDocument | undefined): Promise<Decided> {
    const declaration = request.declare(current);
    const action = current === undefined ? 'tenant.create' : 'tenant.update';
    let change: TenantChange;
    try {
      change = planTenantChange(declaration.spec, current, equal);
    } catch (error) {
      return refuse(error, request, action, current);
    }
    const unchanged =
      current !== undefined && equal(change.spec, current.spec) && equal(declaration.labels, current.labels) && equal(declaration.annotations, current.annotations);
    if (unchanged && (change.path === undefined || current.operation?.kind === change.path)) return { kind: 'unchanged', current };
    if (current?.operation != null) {
      throw new TenureError('operation_in_progress', `operation ${current.operation.id} (${current.operation.kind}) is running`, { operationId: current.operation.id });
    }
    const asked = change.path === undefined ? action : (`tenant.${change.path}` as const);
    const admission = await admit({
      action: asked,
      actor: request.caller.actor,
      tenant: { name: request.name, ...(current === undefined ? {} : { uid: current._id }), lifecycle: current?.lifecycle ?? 'Draft', spec: change.spec },
      placement: current?.placement ?? null,
    });
    const { verdict } = admission;
    try {
      if (!verdict.allow) throw policyRefusal(verdict);
      if (change.path !== undefined) {
        await requirePlaceable(change.spec, admission);
        await requireTemporal();
      }
    } catch (error) {
      return refuse(error, request, asked, current, verdict.decision);
    }
    return { kind: 'change', action: asked, declaration, change, policy: verdict.decision };
  }

  const declare: DeclareTenant = async (request) => {
    const current = await store.resources.find('Tenant', request.name);
    requirePrecondition(request.precondition, `tenant "${request.name}"`, current);
    const decided = await decide(request, current);
    if (decided.kind === 'unchanged') {
      const running = decided.current.operation === null ? undefined : await store.operations.find(decided.current.operation.id);
      return { outcome: 'unchanged', tenant: decided.current, ...(running === undefined ? {} : { operation: running }) };
    }
    const uid = current?._id ?? store.newId();
    const operationId = store.newId();
    await failpoints.reach('accept.before-commit');
    const declared = await store.commit(async (tx) => {
      const made = await write(store, tx, { uid, operationId, before: current, decided, request });
      await request.settle(tx, made.declared);
      return { result: made.declared, entries: made.entries };
    });
    await failpoints.reach('accept.after-commit');
    return declared;
  };
  return (request) => decidedAnew(request.precondition, () => declare(request));
}

interface DecidedChange {
  readonly kind: 'change';
  readonly action: AdmissionRequest['action'];
  readonly declaration: Declaration<TenantSpec>;
  readonly change: TenantChange;
  readonly policy: PolicyDecision;
}
type Decided = DecidedChange | { readonly kind: 'unchanged'; readonly current: TenantDocument };

interface Writing {
  readonly uid: string;
  readonly operationId: string;
  readonly before: TenantDocument | undefined;
  readonly decided: DecidedChange;
  readonly request: DeclareTenantRequest;
}

/** The transaction of an accepted declaration. It stands on exactly the state that was decided on. */
async function write(store: Store, tx: Transaction, writing: Writing): Promise<{ declared: DeclaredTenant; entries: [LedgerDraft, ...LedgerDraft[]] }> {
  const { uid, operationId, before, decided, request } = writing;
  const { declaration, change, policy, action } = decided;
  const current = before === undefined ? undefined : await store.resources.read(tx, 'Tenant', uid);
  if (before !== undefined && current?.revision !== before.revision) throw new TenureError('revision_stale', `tenant "${request.name}" has changed meanwhile`);
  if (current?.operation != null) {
    throw new TenureError('operation_in_progress', `operation ${current.operation.id} (${current.operation.kind}) is running`, { operationId: current.operation.id });
  }
  const declared = { ...declaration, spec: change.spec };
  const specMoved = current === undefined || !equal(current.spec, change.spec);
  let tenant: TenantDocument =
    current === undefined
      ? draftTenant(uid, request.name, declared, tx.time)
      : { ...current, ...declared, generation: current.generation + (specMoved ? 1 : 0), revision: current.revision + 1, updateTime: tx.time };
  const at = { time: tx.time.toISOString(), generation: tenant.generation };
  if (change.path !== undefined) {
    const fence = tenant.lastFence + 1;
    tenant = {
      ...tenant,
      lastFence: fence,
      operation: { id: operationId, kind: change.path, fence },
      conditions: updateConditions(tenant.conditions, [{ type: 'Ready', status: 'False', reason: 'OperationRunning', message: `operation ${operationId} (${change.path}) is running` }], at),
    };
  } else {
    tenant = {
      ...tenant,
      observedGeneration: tenant.generation,
      conditions: tenant.conditions.length > 0 ? tenant.conditions : updateConditions([], [{ type: 'Ready', status: 'False', reason: 'Draft', message: 'the tenant is a Draft; activate it' }], at),
    };
  }
  const stored = current === undefined ? await store.resources.insert(tx, tenant) : await store.resources.replace(tx, current.revision, tenant);
  const operation =
    change.path === undefined
      ? undefined
      : await store.operations.insert(tx, {
          id: operationId,
          kind: change.path,
          tenant: { uid, name: request.name },
          generation: tenant.generation,
          fence: tenant.lastFence,
          ...request.caller,
        });
  const entry = {
    ...callerEntry(request.caller),
    tenant: uid,
    target: { kind: 'Tenant', name: request.name, uid },
    ...(current === undefined ? {} : { previous: stateReference(current) }),
    next: stateReference(stored),
    policy,
  };
  const data = { tenant: { uid, name: request.name }, lifecycle: stored.lifecycle, generation: stored.generation };
  const declaredEntry: LedgerDraft = {
    ...entry,
    action: current === undefined ? 'tenant.create' : 'tenant.update',
    outcome: 'succeeded',
    event: { type: current === undefined ? 'tenant.created.v1' : 'tenant.updated.v1', data },
  };
  const acceptedEntry: LedgerDraft[] = operation === undefined ? [] : [{ ...entry, action, outcome: 'allowed', operationId, fence: operation.fence }];
  return {
    declared: { outcome: current === undefined ? 'created' : 'changed', tenant: stored, ...(operation === undefined ? {} : { operation }) },
    entries: [declaredEntry, ...acceptedEntry],
  };
}
