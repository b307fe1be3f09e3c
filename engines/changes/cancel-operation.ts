import { ownersRestoredBy, restoredBy, withFields } from '../../domain/spec-fields.ts';
import type { SettledSpec } from '../../domain/spec-fields.ts';
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
import { cancelFollowers, endUnbegun } from './cancel-followers.ts';
import type { Caller } from '../requests/caller.ts';

export interface CancelDependencies {
  readonly store: Store;
  readonly failpoints: Failpoints;
}

/** Nothing waits for the tenant's lock any more; what a follower was to bring about is declared no more. Returns how the tenant's state has changed. */
async function unqueue(
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
          spec: withFields(current.spec as SettledSpec, restoredBy(operation)),
          owners: ownersRestoredBy(operation, current.owners),
          generation: current.generation + 1,
        }),
    revision: current.revision + 1,
    updateTime: tx.time,
  });
  return { previous: stateReference(current), next: stateReference(after) };
}

/**
 * Asks for an operation to be cancelled: it is turned round at its next word, and what it did is undone. A pending one for
 * which nothing was begun ends at once.
 * @returns the operation; its state is `cancelled` where that is so already
 * @throws TenureError operation_finished, cancel_not_possible when what it has begun cannot be taken back
 */
export async function cancelOperation(
  dependencies: CancelDependencies,
  operation: OperationDocument,
  caller: Caller,
  policy: PolicyDecision,
): Promise<OperationDocument> {
  if (operation.state === 'cancelled') return operation;
  try {
    return await askForCancel(dependencies, operation, caller, policy);
  } catch (error) {
    // Somebody else's cancellation, or the caller's own of which the answer was lost, may have come to its end meanwhile.
    const ended =
      error instanceof TenureError && error.code === 'operation_finished'
        ? await dependencies.store.operations.find(operation._id)
        : undefined;
    if (ended?.state === 'cancelled') return ended;
    throw error;
  }
}

async function askForCancel(
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
      throw new TenureError('cancel_not_possible', `what the ${operation.kind} has begun cannot be taken back`, {
        operationId: id,
      });
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
    // What was begun for a pending one is taken back when it has the lock.
    if (operation.state !== 'pending' || Object.values(operation.steps).some(({ state }) => state !== 'pending'))
      return { result: await store.operations.requestCancel(tx, id), entries: [entry] };
    const states = await unqueue(store, tx, operation);
    const result = await endUnbegun(store, tx, id, 'it was cancelled before it began', { cancelRequestTime: tx.time });
    const dropped = await cancelFollowers(
      store,
      tx,
      operation.next,
      `operation ${id} (${kind}), which it was to follow, was cancelled`,
    );
    return { result, entries: [{ ...entry, ...states }, ...dropped] };
  });
  await failpoints.reach('cancel.after-commit', name);
  return cancelled;
}
