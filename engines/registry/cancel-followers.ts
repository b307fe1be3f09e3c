import { problems } from '../../contracts/problems.ts';
import type { Transaction } from '../../store/commit.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { actorOf, closing } from '../../store/operations.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from './caller.ts';

/**
 * Ends, unbegun, an operation that was to follow another, and all that were to follow it. What they would have written into the
 * spec is taken back by whoever ends them.
 */
export async function cancelFollowers(store: Pick<Store, 'operations'>, tx: Transaction, first: string | undefined, message: string): Promise<LedgerDraft[]> {
  const entries: LedgerDraft[] = [];
  const { fault, fix } = problems.cancelled;
  const { $set, ...rest } = closing('cancelled', tx.time);
  for (let id = first; id !== undefined; ) {
    const operation = await store.operations.read(tx, id);
    if (operation?.state !== 'pending') break;
    await store.operations.settlePending(tx, id, { ...rest, $set: { ...$set, error: { code: 'cancelled', fault, message, fix } } });
    const { kind, tenant, requestId, correlationId } = operation;
    entries.push({ ...callerEntry({ actor: actorOf(operation), requestId, correlationId }), tenant: tenant.uid, action: `tenant.${kind}`, target: { kind: 'Tenant', name: tenant.name, uid: tenant.uid }, outcome: 'failed', reason: 'cancelled', operationId: id });
    id = operation.next;
  }
  return entries;
}
