import { problems } from '../../contracts/problems.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { actorOf, closing } from '../../store/operations.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';

/** Ends a pending operation that has done nothing yet. Set `cancelRequestTime` if somebody asked to cancel it. */
export function endPending(
  store: Pick<Store, 'operations'>,
  tx: Transaction,
  id: string,
  message: string,
  cancelRequest: { readonly cancelRequestTime?: Date } = {},
): Promise<OperationDocument> {
  const { fault, fix } = problems.cancelled;
  const { $set, ...rest } = closing('cancelled', tx.time);
  return store.operations.resolvePending(tx, id, {
    ...rest,
    $set: { ...$set, ...cancelRequest, error: { code: 'cancelled', fault, message, fix } },
  });
}

/**
 * Ends an operation that waits for another and has not started, and all that wait for it in turn. The caller must
 * restore the spec fields that they would have written.
 */
export async function cancelFollowers(
  store: Pick<Store, 'operations'>,
  tx: Transaction,
  first: string | undefined,
  message: string,
): Promise<LedgerDraft[]> {
  const entries: LedgerDraft[] = [];
  for (let id = first; id !== undefined;) {
    const operation = await store.operations.read(tx, id);
    if (operation?.state !== 'pending') break;
    await endPending(store, tx, id, message);
    const { kind, tenant, requestId, correlationId } = operation;
    entries.push({
      ...callerEntry({ actor: actorOf(operation), requestId, correlationId }),
      tenant: tenant.uid,
      action: `tenant.${kind}`,
      target: { kind: 'Tenant', name: tenant.name, uid: tenant.uid },
      outcome: 'failed',
      reason: 'cancelled',
      operationId: id,
    });
    id = operation.next;
  }
  return entries;
}
