import { problems } from '../contracts/problems.ts';
import type { OperationInput } from '../domain/operation-input.ts';
import { updateConditions } from '../domain/conditions.ts';
import { fieldsBefore } from '../domain/tenant-change.ts';
import type { Transaction } from '../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../store/documents.ts';
import type { LedgerDraft } from '../store/ledger.ts';
import { closing } from '../store/operations.ts';
import { stateReference } from '../store/resources.ts';
import type { Store } from '../store/store.ts';
import { operationEntry } from './operation-entry.ts';

/** An operation that may be started now. */
export interface NextOperation extends OperationInput {
  readonly plan: string;
}

export interface HandedOver {
  readonly tenant: TenantDocument;
  readonly entry: LedgerDraft;
  /** Absent when the pending operation has ended unbegun. */
  readonly start?: NextOperation;
}

/**
 * Gives the lock to the operation that waited for the one that ends in this transaction. Where its path no longer leads on
 * from where the tenant is, because the other one had succeeded before it was told to stop, it ends as failed.
 */
export async function handOver(store: Store, tx: Transaction, ended: TenantDocument, pendingId: string): Promise<HandedOver | undefined> {
  const pending = await store.operations.read(tx, pendingId);
  const tenant: TenantDocument = { ...ended, pending: null, revision: ended.revision + 1 };
  // A pending operation that was cancelled has left the tenant already.
  if (pending?.state !== 'pending') return undefined;
  return pending.from === tenant.lifecycle ? begin(store, tx, tenant, pending) : giveUp(store, tx, tenant, pending);
}

async function begin(store: Store, tx: Transaction, tenant: TenantDocument, pending: OperationDocument): Promise<HandedOver> {
  const { _id: id, kind, assign, requestId, correlationId } = pending;
  const fence = tenant.lastFence + 1;
  const generation = tenant.generation + (Object.keys(assign).length > 0 ? 1 : 0);
  const spec = { ...tenant.spec, ...assign };
  const running = { type: 'Ready', status: 'False', reason: 'OperationRunning', message: `operation ${id} (${kind}) is running` } as const;
  const locked: TenantDocument = {
    ...tenant,
    spec,
    generation,
    lastFence: fence,
    operation: { id, kind, fence },
    owners: { ...tenant.owners, ...(assign.lifecycle === undefined ? {} : { lifecycle: { verb: kind, time: tx.time } }), ...(assign.plan === undefined ? {} : { plan: { verb: kind, time: tx.time } }) },
    ...(kind === 'change_plan' ? { scheduledPlan: null } : {}),
    conditions: pending.to === pending.from ? tenant.conditions : updateConditions(tenant.conditions, [running], { time: tx.time.toISOString(), generation }),
  };
  const operation = await store.operations.settlePending(tx, id, {
    $set: { state: 'accepted', fence, generation, restore: fieldsBefore(assign, tenant.spec), before: { deletion: tenant.deletion, plan: tenant.plan, owners: tenant.owners }, updateTime: tx.time },
  });
  return {
    tenant: locked,
    entry: operationEntry(operation, '.hand_over', { outcome: 'succeeded', fence, next: stateReference(locked) }),
    start: { kind, operationId: id, tenant: pending.tenant, requestId, correlationId, plan: spec.plan },
  };
}

async function giveUp(store: Store, tx: Transaction, tenant: TenantDocument, pending: OperationDocument): Promise<HandedOver> {
  const { fault, fix } = problems.transition_not_allowed;
  const message = `the operation before it left the tenant ${tenant.lifecycle}`;
  const { $set, ...rest } = closing('failed', tx.time);
  const operation = await store.operations.settlePending(tx, pending._id, { ...rest, $set: { ...$set, error: { code: 'transition_not_allowed', fault, message, fix } } });
  return { tenant, entry: operationEntry(operation, '', { outcome: 'failed', reason: 'transition_not_allowed' }) };
}
