import { startable } from '../domain/operation-input.ts';
import type { StartableOperation } from '../domain/operation-input.ts';
import { updateConditions } from '../domain/conditions.ts';
import { scheduleBeside } from '../domain/scheduled-plan.ts';
import { fieldsBefore, withFields } from '../domain/tenant-change.ts';
import type { SettledSpec } from '../domain/tenant-change.ts';
import type { Transaction } from '../store/commit.ts';
import type { TenantDocument } from '../store/documents.ts';
import type { LedgerDraft } from '../store/ledger.ts';
import { stateReference } from '../store/resources.ts';
import type { Store } from '../store/store.ts';
import { operationEntry } from './operation-entry.ts';

export interface HandedOver {
  readonly tenant: TenantDocument;
  readonly entry: LedgerDraft;
  readonly start: StartableOperation;
}

/**
 * Gives the lock to the operation that waited for the one that ends in this transaction. That one was called off by the
 * commit that let the other wait, so the tenant stands where both have begun.
 */
export async function handOver(store: Store, tx: Transaction, ended: TenantDocument, pendingId: string): Promise<HandedOver | undefined> {
  const pending = await store.operations.read(tx, pendingId);
  const tenant: TenantDocument = { ...ended, pending: null, revision: ended.revision + 1 };
  // A pending operation that was cancelled has left the tenant already.
  if (pending?.state !== 'pending') return undefined;
  const { _id: id, kind, assign } = pending;
  const fence = tenant.lastFence + 1;
  const generation = tenant.generation + (Object.keys(assign).length > 0 ? 1 : 0);
  const spec = withFields(tenant.spec as SettledSpec, assign);
  const running = { type: 'Ready', status: 'False', reason: 'OperationRunning', message: `operation ${id} (${kind}) is running` } as const;
  const locked: TenantDocument = {
    ...tenant,
    spec,
    generation,
    lastFence: fence,
    operation: { id, kind, fence },
    ...(kind === 'change_plan' ? { scheduledPlan: null } : {}),
    owners: { ...tenant.owners, ...(assign.lifecycle === undefined ? {} : { lifecycle: { verb: kind, time: tx.time } }), ...(assign.plan === undefined ? {} : { plan: { verb: kind, time: tx.time } }) },
    conditions: pending.to === pending.from ? tenant.conditions : updateConditions(tenant.conditions, [running], { time: tx.time.toISOString(), generation }),
  };
  const operation = await store.operations.settlePending(tx, id, {
    $set: { state: 'accepted', fence, generation, restore: fieldsBefore(assign, tenant.spec), before: { deletion: tenant.deletion, plan: tenant.plan, owners: tenant.owners, ...scheduleBeside(kind, assign, tenant.scheduledPlan, tx.time) }, updateTime: tx.time },
  });
  return {
    tenant: locked,
    entry: operationEntry(operation, '.hand_over', { outcome: 'succeeded', fence, next: stateReference(locked) }),
    start: startable(operation, spec.plan),
  };
}
