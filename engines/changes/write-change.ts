import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import { updateConditions } from '../../domain/conditions.ts';
import { endsAccess } from '../../domain/lifecycle.ts';
import { applied, readyIn, whileRunning } from '../../domain/operation-outcomes.ts';
import { scheduleToRestore } from '../../domain/scheduled-plan.ts';
import { isEarlyPurge } from '../../domain/tenant-verb.ts';
import type { Transaction } from '../../store/commit.ts';
import type { FieldOwner, OperationDocument, OwnedField, TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { draftTenant } from '../../store/tenants.ts';
import { callerEntry } from '../requests/caller.ts';
import type { ChangeTenantRequest, ChangedTenant, AllowedLeg, DecidedChange } from './change-request.ts';
import { deletionBlocked } from './hold-tenant.ts';

export interface Writing {
  readonly uid: string;
  /** One for each operation that the change needs. */
  readonly operationIds: readonly string[];
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

/** A verb owns the fields that it writes; a manifest that changes a field leaves it without an owner. */
function ownersAfter(
  {
    decided: {
      declaration: { spec },
      legs,
    },
    request,
  }: Writing,
  before: TenantDocument,
  time: Date,
): TenantDocument['owners'] {
  const owners: Partial<Record<OwnedField, FieldOwner>> = { ...before.owners };
  for (const field of ownable) {
    if ('verb' in request && legs.some(({ assign }) => Object.hasOwn(assign, field)))
      owners[field] = { verb: request.verb.path, time };
    if (!('verb' in request) && !canonicallyEqual(spec[field], before.spec[field])) delete owners[field];
  }
  if (!('verb' in request) && request.byRollout === true) owners.template = { verb: 'roll_out', time };
  return owners;
}

/** The tenant as declared, before any operation on it. */
async function declaredTenant(
  store: Store,
  tx: Transaction,
  writing: Writing,
  current: TenantDocument | undefined,
): Promise<TenantDocument> {
  const {
    uid,
    decided: { declaration: declared },
    request,
  } = writing;
  if (current === undefined) {
    const draft = draftTenant(
      uid,
      request.name,
      declared,
      tx.time,
      1 + (await store.tombstones.lastRevision(tx, request.name)),
    );
    const { hold } = declared.spec;
    return hold === undefined
      ? draft
      : {
          ...draft,
          conditions: updateConditions([], [readyIn('Draft'), deletionBlocked(hold)], {
            time: tx.time.toISOString(),
            generation: draft.generation,
          }),
        };
  }
  // Labels and annotations count too: a generation identifies everything that its revision declares.
  const { labels, annotations, spec } = declared;
  const isChanged = !canonicallyEqual([current.labels, current.annotations, current.spec], [labels, annotations, spec]);
  return {
    ...current,
    ...declared,
    generation: current.generation + (isChanged ? 1 : 0),
    revision: current.revision + 1,
    updateTime: tx.time,
    owners: ownersAfter(writing, current, tx.time),
  };
}

/** The tenant with its lock held by the first operation of the change; as declared, if the change needs none. */
function lockedTenant(
  tenant: TenantDocument,
  [leg]: readonly AllowedLeg[],
  [operationId]: readonly string[],
  time: Date,
): TenantDocument {
  const at = { time: time.toISOString(), generation: tenant.generation };
  if (leg === undefined || operationId === undefined) {
    const updates = tenant.lifecycle === 'Draft' ? [readyIn('Draft'), applied] : [applied];
    return {
      ...tenant,
      observedGeneration: tenant.generation,
      conditions: updateConditions(tenant.conditions, updates, at),
    };
  }
  const { path, from, to } = leg.transition;
  const fence = tenant.lastFence + 1;
  return {
    ...tenant,
    lastFence: fence,
    operation: { id: operationId, kind: path, fence },
    ...(path === 'change_plan' ? { scheduledPlan: null } : {}),
    conditions: updateConditions(tenant.conditions, whileRunning({ id: operationId, kind: path, from, to }), at),
  };
}

/** The operations of a change: the first holds the lock, each of the others waits for the one before it. */
async function insertOperations(
  store: Store,
  tx: Transaction,
  { uid, operationIds, before: current, decided: { legs }, request }: Writing,
  tenant: TenantDocument,
): Promise<OperationDocument[]> {
  const operations: OperationDocument[] = [];
  for (const [index, { transition, assign, restore, deferred }] of legs.entries()) {
    const [id, next, previous] = [
      operationIds[index] ?? store.newId(),
      operationIds[index + 1],
      operationIds[index - 1],
    ];
    operations.push(
      await store.operations.insert(tx, {
        id,
        kind: transition.path,
        tenant: { uid, name: request.name },
        from: transition.from,
        to: transition.to,
        generation: tenant.generation,
        fence: index === 0 ? tenant.lastFence : 0,
        ...request.caller,
        assign,
        restore,
        before: {
          deletion: current?.deletion ?? null,
          plan: current?.plan ?? null,
          owners: current?.owners ?? {},
          ...scheduleToRestore(transition.path, assign, current?.scheduledPlan ?? null, tx.time),
        },
        ...(next === undefined ? {} : { next, deferred }),
        ...(previous === undefined ? {} : { waitsFor: previous }),
        ...('verb' in request && isEarlyPurge(request.verb) ? { early: true } : {}),
      }),
    );
  }
  return operations;
}

/**
 * The transaction of an accepted change. It applies only to the exact state that was decided on: every write of a tenant
 * changes its revision, and the tenant is replaced at the revision of that state.
 */
export async function writeChange(store: Store, tx: Transaction, writing: Writing): Promise<Written> {
  const { uid, before: current, decided, request } = writing;
  const { legs, policy } = decided;
  if (legs.some(({ transition }) => endsAccess(transition.path))) await store.tenantLeases.ending(tx, uid);

  const tenant = lockedTenant(await declaredTenant(store, tx, writing, current), legs, writing.operationIds, tx.time);
  const stored =
    current === undefined
      ? await store.resources.insert(tx, tenant)
      : await store.resources.replace(tx, current.revision, tenant);
  const operations = await insertOperations(store, tx, writing, stored);

  const entry = {
    ...callerEntry(request.caller),
    tenant: uid,
    target: { kind: 'Tenant', name: request.name, uid },
    ...(current === undefined ? {} : { previous: stateReference(current) }),
    next: stateReference(stored),
  };
  const entries: LedgerDraft[] = [];
  if (!('verb' in request)) {
    const data = { tenant: { uid, name: request.name }, lifecycle: stored.lifecycle, generation: stored.generation };
    const declared =
      current === undefined
        ? { action: 'tenant.create', type: 'tenant.created.v1' as const }
        : { action: 'tenant.update', type: 'tenant.updated.v1' as const };
    entries.push({
      ...entry,
      action: declared.action,
      outcome: 'succeeded',
      policy,
      event: { type: declared.type, data },
    });
  }
  if (current === undefined && stored.spec.hold !== undefined)
    entries.push({
      ...entry,
      action: 'tenant.hold',
      outcome: 'succeeded',
      policy,
      event: { type: 'tenant.held.v1', data: { tenant: { uid, name: request.name } } },
    });
  for (const [index, { _id: operationId, kind, fence }] of operations.entries()) {
    entries.push({
      ...entry,
      action: `tenant.${kind}`,
      outcome: 'allowed',
      policy: legs[index]?.policy ?? policy,
      operationId,
      ...(index === 0 ? { fence } : {}),
    });
  }
  const [operation, ...following] = operations;
  return {
    changed: {
      outcome: current === undefined ? 'created' : 'changed',
      tenant: stored,
      ...(operation === undefined ? {} : { operation, following }),
    },
    entries: entries as Written['entries'],
  };
}
