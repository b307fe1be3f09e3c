import { startable } from '../domain/workflow-inputs.ts';
import type { StartableOperation } from '../domain/workflow-inputs.ts';
import { updateConditions } from '../domain/conditions.ts';
import { whileRunning } from '../domain/operation-outcomes.ts';
import { scheduleToRestore } from '../domain/scheduled-plan.ts';
import { fieldsBefore, withFields } from '../domain/spec-fields.ts';
import type { CompleteSpec } from '../domain/spec-fields.ts';
import type { Transaction } from '../store/commit.ts';
import type { TenantDocument } from '../store/documents.ts';
import type { LedgerDraft } from '../store/ledger.ts';
import { stateReference } from '../store/resources.ts';
import type { Store } from '../store/store.ts';
import { operationEntry } from './held-operation.ts';

export interface HandedOver {
  readonly tenant: TenantDocument;
  readonly entry: LedgerDraft;
  readonly start: StartableOperation;
}

/**
 * Why a waiting operation may begin: the one before it was undone to make room for it, or has completed the first part
 * of a declaration that needs both.
 */
export type HandOverReason = 'preempted' | 'succeeded';

/**
 * Gives the lock to the operation that waited for the one that ends in this transaction. An operation that preempted
 * the first starts from the state before both, and writes its fields now; an operation that follows the first finds
 * them already written.
 */
export async function handOver(
  store: Store,
  tx: Transaction,
  ended: TenantDocument,
  pendingId: string,
  reason: HandOverReason,
): Promise<HandedOver | undefined> {
  const pending = await store.operations.read(tx, pendingId);
  // A pending operation that was cancelled is no longer recorded in the tenant.
  if (pending?.state !== 'pending') return undefined;
  const { _id: id, kind, from, to } = pending;
  const assign = reason === 'preempted' ? pending.assign : {};
  const fence = ended.lastFence + 1;
  const generation = ended.generation + (Object.keys(assign).length > 0 ? 1 : 0);
  const spec = withFields(ended.spec as CompleteSpec, assign);
  const locked: TenantDocument = {
    ...ended,
    revision: ended.revision + 1,
    ...(reason === 'preempted' ? { pending: null } : {}),
    spec,
    generation,
    lastFence: fence,
    operation: { id, kind, fence },
    ...(kind === 'change_plan' ? { scheduledPlan: null } : {}),
    owners: {
      ...ended.owners,
      ...(assign.lifecycle === undefined ? {} : { lifecycle: { verb: kind, time: tx.time } }),
      ...(assign.plan === undefined ? {} : { plan: { verb: kind, time: tx.time } }),
    },
    conditions: updateConditions(ended.conditions, whileRunning({ id, kind, from, to }), {
      time: tx.time.toISOString(),
      generation,
    }),
  };
  const operation = await store.operations.resolvePending(tx, id, {
    $set: {
      state: 'accepted',
      fence,
      generation,
      ...(reason === 'preempted' ? { restore: fieldsBefore(assign, ended.spec) } : {}),
      // The owners of the overwritten fields are known from before the first of the two operations.
      before: {
        deletion: ended.deletion,
        plan: ended.plan,
        owners: reason === 'preempted' ? ended.owners : pending.before.owners,
        ...scheduleToRestore(kind, pending.assign, ended.scheduledPlan, tx.time),
      },
      updateTime: tx.time,
    },
  });
  return {
    tenant: locked,
    entry: operationEntry(operation, '.hand_over', {
      outcome: 'succeeded',
      fence,
      previous: stateReference(ended),
      next: stateReference(locked),
    }),
    start: startable(operation, spec.plan),
  };
}
