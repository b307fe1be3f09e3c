import { isReversible } from '../../domain/step-plan.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { closing } from '../../store/operations.ts';
import { problems } from '../../contracts/problems.ts';
import type { PolicyDecision } from '../../contracts/policy.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from './caller.ts';
import type { Caller } from './caller.ts';

export interface CancelDependencies {
  readonly store: Store;
  readonly failpoints: Failpoints;
}

/** Nothing waits for the tenant's lock any more. Returns how its state has changed. */
async function unqueue(store: Store, tx: Transaction, { _id, tenant }: OperationDocument): Promise<Pick<LedgerDraft, 'previous' | 'next'>> {
  const current = await store.resources.read(tx, 'Tenant', tenant.uid);
  if (current?.pending?.id !== _id) return {};
  const after = await store.resources.replace(tx, current.revision, { ...current, pending: null, revision: current.revision + 1, updateTime: tx.time });
  return { previous: stateReference(current), next: stateReference(after) };
}

/**
 * Asks for an operation to be cancelled: it is turned round at its next word, and what it did is undone. A pending one for
 * which nothing was begun ends at once.
 * @returns the operation; its state is `cancelled` where that is so already
 * @throws TenureError operation_finished, cancel_not_possible when what it has begun cannot be taken back
 */
export async function cancelOperation(dependencies: CancelDependencies, operation: OperationDocument, caller: Caller, policy: PolicyDecision): Promise<OperationDocument> {
  if (operation.state === 'cancelled') return operation;
  try {
    return await askForCancel(dependencies, operation, caller, policy);
  } catch (error) {
    // Somebody else's cancellation, or the caller's own of which the answer was lost, may have come to its end meanwhile.
    const ended = error instanceof TenureError && error.code === 'operation_finished' ? await dependencies.store.operations.find(operation._id) : undefined;
    if (ended?.state === 'cancelled') return ended;
    throw error;
  }
}

async function askForCancel({ store, failpoints }: CancelDependencies, { _id: id, tenant: { name } }: OperationDocument, caller: Caller, policy: PolicyDecision): Promise<OperationDocument> {
  await failpoints.reach('cancel.before-commit', name);
  const cancelled = await store.commit(async (tx) => {
    const operation = await store.operations.read(tx, id);
    if (operation === undefined || operation.unfinished !== true) throw new TenureError('operation_finished', `operation ${id} has ended`, { operationId: id });
    if (!isReversible(operation.kind, operation.steps)) throw new TenureError('cancel_not_possible', `what the ${operation.kind} has begun cannot be taken back`, { operationId: id });
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
    if (operation.state !== 'pending' || Object.values(operation.steps).some(({ state }) => state !== 'pending')) return { result: await store.operations.requestCancel(tx, id), entries: [entry] };
    const states = await unqueue(store, tx, operation);
    const { fault, fix } = problems.cancelled;
    const { $set, ...rest } = closing('cancelled', tx.time);
    const error = { code: 'cancelled' as const, fault, message: 'it was cancelled before it began', fix };
    return { result: await store.operations.settlePending(tx, id, { ...rest, $set: { ...$set, cancelRequestTime: tx.time, error } }), entries: [{ ...entry, ...states }] };
  });
  await failpoints.reach('cancel.after-commit', name);
  return cancelled;
}
