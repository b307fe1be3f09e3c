import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import { updateConditions } from '../../domain/conditions.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { draftTenant } from '../../store/tenants.ts';
import { callerEntry } from './caller.ts';
import type { DecidedChange } from './decide-declaration.ts';
import type { DeclareTenantRequest, DeclaredTenant } from './declare-tenant.ts';

export interface Writing {
  readonly uid: string;
  readonly operationId: string;
  readonly before: TenantDocument | undefined;
  readonly decided: DecidedChange;
  readonly request: DeclareTenantRequest;
}

/** The transaction of an accepted declaration. It stands on exactly the state that was decided on. */
export async function writeDeclaration(store: Store, tx: Transaction, writing: Writing): Promise<{ declared: DeclaredTenant; entries: [LedgerDraft, ...LedgerDraft[]] }> {
  const { uid, operationId, before, decided, request } = writing;
  const { declaration, change, policy, action } = decided;
  const current = before === undefined ? undefined : await store.resources.read(tx, 'Tenant', uid);
  if (before !== undefined && current?.revision !== before.revision) throw new TenureError('revision_stale', `tenant "${request.name}" has changed meanwhile`);
  if (current?.operation != null) {
    throw new TenureError('operation_in_progress', `operation ${current.operation.id} (${current.operation.kind}) is running`, { operationId: current.operation.id });
  }
  const declared = { ...declaration, spec: change.spec };
  // Labels and annotations count too: what a generation declared is all that its revision holds.
  const { labels, annotations, spec } = declared;
  const moved = current === undefined || !canonicallyEqual([current.labels, current.annotations, current.spec], [labels, annotations, spec]);
  let tenant: TenantDocument =
    current === undefined
      ? draftTenant(uid, request.name, declared, tx.time)
      : { ...current, ...declared, generation: current.generation + (moved ? 1 : 0), revision: current.revision + 1, updateTime: tx.time };
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
