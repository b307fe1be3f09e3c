import { ownersRestoredBy, restoredBy, withFields } from '../../domain/spec-fields.ts';
import type { CompleteSpec } from '../../domain/spec-fields.ts';
import { isReversible } from '../../domain/step-plan.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import type { PolicyDecision } from '../../contracts/policy.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';
import { cancelFollowers, endPending } from './cancel-followers.ts';
import type { Caller } from '../requests/caller.ts';

export interface CancelDependencies {
  readonly store: Store;
  readonly failpoints: Failpoints;
}

/**
 * Removes a pending operation from the tenant: it no longer waits for the lock, and the spec no longer declares what a
 * follower was to write. Returns how the tenant's state has changed.
 */
async function dequeue(
  store: Store,
  tx: Transaction,
  operation: OperationDocument,
): Promise<Pick<LedgerDraft, 'previous' | 'next'>> {
  const { _id, kind, tenant, waitsFor } = operation;
  const current = await store.resources.read(tx, 'Tenant', tenant.uid);
  if (current === undefined) return {};
  const preempts = current.pending?.id === _id;
  if (!preempts && waitsFor !== null) await store.operations.unlink(tx, waitsFor, { id: _id, kind });
  const after = await store.resources.replace(tx, current.revision, {
    ...current,
    ...(preempts
      ? { pending: null }
      : {
          spec: withFields(current.spec as CompleteSpec, restoredBy(operation)),
          owners: ownersRestoredBy(operation, current.owners),
          generation: current.generation + 1,
        }),
    revision: current.revision + 1,
    updateTime: tx.time,
  });
  return { previous: stateReference(current), next: stateReference(after) };
}

/**
 * Requests the cancellation of an operation. The operation notices the request when it next reports, and then undoes
 * what it did. A pending operation that has started nothing ends at once.
 * @returns the operation; its state is `cancelled` if it has already ended that way
 * @throws TenureError operation_finished; cancel_not_possible if what it has begun cannot be undone
 */
export async function cancelOperation(
  dependencies: CancelDependencies,
  operation: OperationDocument,
  caller: Caller,
  policy: PolicyDecision,
): Promise<OperationDocument> {
  if (operation.state === 'cancelled') return operation;
  try {
    return await requestCancel(dependencies, operation, caller, policy);
  } catch (error) {
    // Another caller's cancellation, or an earlier one of this caller whose answer was lost, may have completed in the
    // meantime.
    const ended =
      error instanceof TenureError && error.code === 'operation_finished'
        ? await dependencies.store.operations.find(operation._id)
        : undefined;
    if (ended?.state === 'cancelled') return ended;
    throw error;
  }
}

async function requestCancel(
  { store, failpoints }: CancelDependencies,
  { _id: id, tenant: { name } }: OperationDocument,
  caller: Caller,
  policy: PolicyDecision,
): Promise<OperationDocument> {
  await failpoints.reach('cancel.before-commit', name);
  const cancelled = await store.commit(async (tx) => {
    const operation = await store.operations.read(tx, id);
    if (operation === undefined || operation.unfinished !== true)
      throw new TenureError('operation_finished', `operation ${id} has ended`, { operationId: id });
    if (!isReversible(operation.kind, operation.steps))
      throw new TenureError(
        'cancel_not_possible',
        `the ${operation.kind} has passed the point where it can be undone`,
        {
          operationId: id,
        },
      );
    const { kind, tenant } = operation;
    const entry: LedgerDraft = {
      ...callerEntry(caller),
      tenant: tenant.uid,
      action: `tenant.${kind}.cancel`,
      target: { kind: 'Operation', uid: id },
      outcome: 'allowed',
      operationId: id,
      policy,
    };
    // A pending operation that has started something undoes it once it has the lock.
    if (operation.state !== 'pending' || Object.values(operation.steps).some(({ state }) => state !== 'pending'))
      return { result: await store.operations.requestCancel(tx, id), entries: [entry] };
    const states = await dequeue(store, tx, operation);
    const result = await endPending(store, tx, id, 'the operation was cancelled before it started', {
      cancelRequestTime: tx.time,
    });
    const dropped = await cancelFollowers(
      store,
      tx,
      operation.next,
      `the operation before it, ${id} (${kind}), was cancelled`,
    );
    return { result, entries: [{ ...entry, ...states }, ...dropped] };
  });
  await failpoints.reach('cancel.after-commit', name);
  return cancelled;
}
