import type { LedgerDraft } from '../store/ledger.ts';
import type { OperationDocument } from '../store/documents.ts';
import { actorOf } from '../store/operations.ts';

type Told = Pick<LedgerDraft, 'outcome'> & Partial<Pick<LedgerDraft, 'step' | 'previous' | 'next' | 'policy' | 'event' | 'reason' | 'fence'>>;

/** An entry about an operation. `part` says which: the operation as a whole, or one move of it. */
export function operationEntry(operation: OperationDocument, part: '' | '.start' | '.step' | '.turn' | '.undo' | '.hand_over', told: Told): LedgerDraft {
  const { subject, roles } = actorOf(operation);
  return {
    tenant: operation.tenant.uid,
    actor: { subject, roles },
    action: `tenant.${operation.kind}${part}`,
    target: { kind: 'Tenant', name: operation.tenant.name, uid: operation.tenant.uid },
    requestId: operation.requestId,
    correlationId: operation.correlationId,
    operationId: operation._id,
    ...told,
  };
}
