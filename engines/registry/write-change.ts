import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import { updateConditions } from '../../domain/conditions.ts';
import { endsAccess } from '../../domain/lifecycle.ts';
import { readyIn } from '../../domain/operation-outcomes.ts';
import { scheduleBeside } from '../../domain/scheduled-plan.ts';
import { fieldsBefore } from '../../domain/tenant-change.ts';
import { isEarlyPurge } from '../../domain/tenant-verb.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { FieldOwner, OwnedField, TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { draftTenant } from '../../store/tenants.ts';
import { callerEntry } from './caller.ts';
import type { ChangeTenantRequest, ChangedTenant } from './change-tenant.ts';
import { refuseWhileRunning } from './decide-change.ts';
import type { DecidedChange } from './decide-change.ts';

export interface Writing {
  readonly uid: string;
  readonly operationId: string;
  readonly before: TenantDocument | undefined;
  readonly decided: DecidedChange;
  readonly request: ChangeTenantRequest;
}

/** The written change and its entries, for the commit. */
export interface Written {
  readonly changed: ChangedTenant;
  readonly entries: [LedgerDraft, ...LedgerDraft[]];
}

const ownable: readonly OwnedField[] = ['lifecycle', 'plan', 'template'];

/** A verb owns what it writes; a manifest that changes a field leaves it to nobody. */
function ownersAfter({ decided: { change }, request }: Writing, before: TenantDocument, time: Date): TenantDocument['owners'] {
  const owners: Partial<Record<OwnedField, FieldOwner>> = { ...before.owners };
  for (const field of ownable) {
    if ('verb' in request && Object.hasOwn(change.assign, field)) owners[field] = { verb: request.verb.path, time };
    if (!('verb' in request) && !canonicallyEqual(change.spec[field], before.spec[field])) delete owners[field];
  }
  if (!('verb' in request) && request.byRollout === true) owners.template = { verb: 'roll_out', time };
  return owners;
}

/** The tenant as declared, before any operation on it. */
async function declaredTenant(store: Store, tx: Transaction, writing: Writing, current: TenantDocument | undefined): Promise<TenantDocument> {
  const { uid, decided, request } = writing;
  const declared = { ...decided.declaration, spec: decided.change.spec };
  if (current === undefined) return draftTenant(uid, request.name, declared, tx.time, 1 + (await store.tombstones.lastRevision(tx, request.name)));
  // Labels and annotations count too: what a generation declared is all that its revision holds.
  const { labels, annotations, spec } = declared;
  const moved = !canonicallyEqual([current.labels, current.annotations, current.spec], [labels, annotations, spec]);
  return {
    ...current,
    ...declared,
    generation: current.generation + (moved ? 1 : 0),
    revision: current.revision + 1,
    updateTime: tx.time,
    owners: ownersAfter(writing, current, tx.time),
  };
}

/** The transaction of an accepted change. It stands on exactly the state that was decided on. */
export async function writeChange(store: Store, tx: Transaction, writing: Writing): Promise<Written> {
  const { uid, operationId, before, decided, request } = writing;
  const { change, policy, action } = decided;
  const current = before === undefined ? undefined : await store.resources.read(tx, 'Tenant', uid);
  if (before !== undefined && current?.revision !== before.revision) throw new TenureError('revision_stale', `tenant "${request.name}" has changed meanwhile`);
  if (current !== undefined) refuseWhileRunning(current);
  if (change.transition !== undefined && endsAccess(change.transition.path)) await store.tenantLeases.ending(tx, uid);

  let tenant = await declaredTenant(store, tx, writing, current);
  const at = { time: tx.time.toISOString(), generation: tenant.generation };
  const { transition } = change;
  if (transition === undefined) {
    tenant = { ...tenant, observedGeneration: tenant.generation, conditions: tenant.conditions.length > 0 ? tenant.conditions : updateConditions([], [readyIn('Draft')], at) };
  } else {
    const fence = tenant.lastFence + 1;
    const running = { type: 'Ready', status: 'False', reason: 'OperationRunning', message: `operation ${operationId} (${transition.path}) is running` } as const;
    tenant = {
      ...tenant,
      lastFence: fence,
      operation: { id: operationId, kind: transition.path, fence },
      ...(transition.path === 'change_plan' ? { scheduledPlan: null } : {}),
      conditions: transition.to === transition.from ? tenant.conditions : updateConditions(tenant.conditions, [running], at),
    };
  }
  const stored = current === undefined ? await store.resources.insert(tx, tenant) : await store.resources.replace(tx, current.revision, tenant);
  const operation =
    transition === undefined
      ? undefined
      : await store.operations.insert(tx, {
          id: operationId,
          kind: transition.path,
          tenant: { uid, name: request.name },
          from: transition.from,
          to: transition.to,
          generation: tenant.generation,
          fence: tenant.lastFence,
          ...request.caller,
          assign: change.assign,
          restore: fieldsBefore(change.assign, current?.spec ?? { ...change.spec, lifecycle: 'Draft' }),
          before: { deletion: current?.deletion ?? null, plan: current?.plan ?? null, owners: current?.owners ?? {}, ...scheduleBeside(transition.path, change.assign, current?.scheduledPlan ?? null, tx.time) },
          ...('verb' in request && isEarlyPurge(request.verb) ? { early: true } : {}),
        });

  const entry = {
    ...callerEntry(request.caller),
    tenant: uid,
    target: { kind: 'Tenant', name: request.name, uid },
    ...(current === undefined ? {} : { previous: stateReference(current) }),
    next: stateReference(stored),
    policy,
  };
  const entries: LedgerDraft[] = [];
  if (!('verb' in request)) {
    const data = { tenant: { uid, name: request.name }, lifecycle: stored.lifecycle, generation: stored.generation };
    const declared = current === undefined ? { action: 'tenant.create', type: 'tenant.created.v1' as const } : { action: 'tenant.update', type: 'tenant.updated.v1' as const };
    entries.push({ ...entry, action: declared.action, outcome: 'succeeded', event: { type: declared.type, data } });
  }
  if (operation !== undefined) entries.push({ ...entry, action, outcome: 'allowed', operationId, fence: operation.fence });
  return {
    changed: { outcome: current === undefined ? 'created' : 'changed', tenant: stored, ...(operation === undefined ? {} : { operation }) },
    entries: entries as Written['entries'],
  };
}
