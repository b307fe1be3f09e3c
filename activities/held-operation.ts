import { withFields } from '../domain/spec-fields.ts';
import type { CompleteSpec } from '../domain/spec-fields.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from '../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../store/documents.ts';
import type { LedgerDraft } from '../store/ledger.ts';
import { actorOf, fenced } from '../store/operations.ts';
import type { Store } from '../store/store.ts';
import type { HeldOperation } from './operation-activities.ts';

export interface OperationAndTenant {
  readonly operation: OperationDocument;
  readonly tenant: TenantDocument;
}

function requireBoth(
  id: string,
  operation: OperationDocument | undefined,
  tenant: TenantDocument | undefined,
): OperationAndTenant {
  if (operation === undefined || tenant === undefined)
    throw new TenureError('fenced', `operation ${id} or its tenant no longer exists`);
  return { operation, tenant };
}

/**
 * Reads an operation with its tenant. The tenant's spec is the one for this operation: fields of the operations that
 * follow it are not there yet.
 * @throws TenureError fenced, when either no longer exists
 */
export async function readOperation(
  store: Pick<Store, 'operations' | 'resources'>,
  id: string,
  uid: string,
): Promise<OperationAndTenant> {
  const [operation, tenant] = await Promise.all([store.operations.find(id), store.resources.findByUid('Tenant', uid)]);
  const found = requireBoth(id, operation, tenant);
  const { deferred } = found.operation;
  return deferred === undefined
    ? found
    : { ...found, tenant: { ...found.tenant, spec: withFields(found.tenant.spec as CompleteSpec, deferred) } };
}

/** Reads both in a transaction, the tenant with its declared spec. */
export async function readOperationIn(
  store: Pick<Store, 'operations' | 'resources'>,
  tx: Transaction,
  id: string,
  uid: string,
): Promise<OperationAndTenant> {
  // One after the other: a session runs one command at a time.
  const operation = await store.operations.read(tx, id);
  return requireBoth(id, operation, await store.resources.read(tx, 'Tenant', uid));
}

/** @throws TenureError fenced, unless this run has the lock */
export function requireHeld(
  { operation, tenant }: OperationAndTenant,
  { operation: { operationId }, runId, fence }: HeldOperation,
): void {
  const locked = tenant.operation?.id === operationId && tenant.operation.fence === fence;
  if (!locked || operation.fence !== fence || operation.runId !== runId || operation.unfinished !== true)
    throw fenced({ operationId, fence });
}

type EntryDetails = Pick<LedgerDraft, 'outcome'> &
  Partial<Pick<LedgerDraft, 'step' | 'previous' | 'next' | 'policy' | 'event' | 'reason' | 'fence'>>;

/** An entry about an operation. `part` says about what: the whole operation, or one part of it. */
export function operationEntry(
  operation: OperationDocument,
  part: '' | '.start' | '.step' | '.turn' | '.undo' | '.hand_over',
  details: EntryDetails,
): LedgerDraft {
  const { subject, roles } = actorOf(operation);
  return {
    tenant: operation.tenant.uid,
    actor: { subject, roles },
    action: `tenant.${operation.kind}${part}`,
    target: { kind: 'Tenant', name: operation.tenant.name, uid: operation.tenant.uid },
    requestId: operation.requestId,
    correlationId: operation.correlationId,
    operationId: operation._id,
    ...details,
  };
}
