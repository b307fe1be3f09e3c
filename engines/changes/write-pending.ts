import { endsAccess } from '../../domain/lifecycle.ts';
import { fieldsBefore } from '../../domain/spec-fields.ts';
import { isReversible } from '../../domain/step-plan.ts';
import { isEarlyPurge } from '../../domain/tenant-verb.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';
import type { ChangeTenantRequest, DecidedPreemption } from './change-request.ts';
import type { Written } from './write-change.ts';

export interface Preempting {
  readonly operationId: string;
  readonly before: TenantDocument;
  readonly running: OperationDocument;
  readonly decided: DecidedPreemption;
  readonly request: ChangeTenantRequest;
}

/**
 * The transaction that preempts a running operation: it requests the cancellation and stores the new operation as
 * `pending`. The last commit of the running operation hands the lock over.
 */
export async function writePending(
  store: Store,
  tx: Transaction,
  { operationId, before, running, decided, request }: Preempting,
): Promise<Written> {
  const {
    leg: { transition, assign, policy },
  } = decided;
  const { caller } = request;
  const { _id: uid, name } = before;
  const current = await store.resources.read(tx, 'Tenant', uid);
  if (current?.revision !== before.revision)
    throw new TenureError('revision_stale', `tenant "${name}" was changed in the meantime`);
  const preempted = await store.operations.read(tx, running._id);
  if (preempted === undefined || !isReversible(preempted.kind, preempted.steps)) {
    throw new TenureError(
      'operation_in_progress',
      `operation ${running._id} (${running.kind}) can no longer be cancelled`,
      { operationId: running._id },
    );
  }
  if (endsAccess(transition.path)) await store.tenantLeases.ending(tx, uid);
  // The tenant's document names the plan only when the operation begins.
  if (typeof assign.plan === 'string') await store.resourceUses.begin(tx, [{ kind: 'Plan', name: assign.plan }]);
  const operation = await store.operations.insert(tx, {
    id: operationId,
    kind: transition.path,
    tenant: { uid, name },
    from: transition.from,
    to: transition.to,
    generation: current.generation,
    fence: 0,
    ...caller,
    assign,
    restore: fieldsBefore(assign, current.spec),
    before: { deletion: current.deletion, plan: current.plan, owners: current.owners },
    ...('verb' in request && isEarlyPurge(request.verb) ? { early: true } : {}),
    waitsFor: running._id,
  });
  const cancelled = await store.operations.requestCancel(tx, running._id);
  const tenant: TenantDocument = {
    ...current,
    pending: { id: operationId, kind: transition.path },
    revision: current.revision + 1,
    updateTime: tx.time,
  };
  await store.resources.replace(tx, current.revision, tenant);
  const entry = { ...callerEntry(request.caller), tenant: uid, target: { kind: 'Tenant', name, uid }, policy };
  return {
    changed: { outcome: 'changed', tenant, operation, preempted: cancelled },
    entries: [
      {
        ...entry,
        action: `tenant.${transition.path}`,
        outcome: 'allowed',
        operationId,
        previous: stateReference(current),
        next: stateReference(tenant),
      },
      { ...entry, action: `tenant.${running.kind}.cancel`, outcome: 'allowed', operationId: running._id },
    ],
  };
}
