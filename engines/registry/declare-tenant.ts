import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import type { Transaction } from '../../store/commit.ts';
import type { OperationDocument, TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import type { Caller } from './caller.ts';
import { createDecide } from './decide-declaration.ts';
import type { DecideDependencies } from './decide-declaration.ts';
import { decidedAnew, requirePrecondition } from './precondition.ts';
import type { Precondition } from './precondition.ts';
import { writeDeclaration } from './write-declaration.ts';

export interface DeclareTenantRequest {
  readonly name: string;
  /** What is declared, given the tenant as it stands. */
  readonly declare: (current: TenantDocument | undefined) => Declaration<TenantSpec>;
  readonly precondition: Precondition;
  readonly caller: Caller;
  /** Runs in the commit, with what it made: keeps the answer under the request's idempotency key. */
  readonly settle: (tx: Transaction, declared: DeclaredTenant) => Promise<void>;
}

export interface DeclaredTenant {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly tenant: TenantDocument;
  /** The operation that brings it about, new or running already. */
  readonly operation?: OperationDocument;
}

export interface DeclareTenantDependencies extends DecideDependencies {
  readonly store: Store;
  readonly failpoints: Failpoints;
}

export type DeclareTenant = (request: DeclareTenantRequest) => Promise<DeclaredTenant>;

/**
 * Accepts what a tenant is declared to be. In one commit: the new revision, the lock and the operation where one is
 * needed, the entry, and the caller's answer. A refusal changes nothing and leaves its own entry.
 */
export function createDeclareTenant({ store, admit, requireTemporal, failpoints }: DeclareTenantDependencies): DeclareTenant {
  const decide = createDecide({ store, admit, requireTemporal });
  const declare: DeclareTenant = async (request) => {
    const current = await store.resources.find('Tenant', request.name);
    requirePrecondition(request.precondition, `tenant "${request.name}"`, current);
    const decided = await decide(request, current);
    if (decided.kind === 'unchanged') {
      const running = decided.current.operation === null ? undefined : await store.operations.find(decided.current.operation.id);
      return { outcome: 'unchanged', tenant: decided.current, ...(running === undefined ? {} : { operation: running }) };
    }
    const uid = current?._id ?? store.newId();
    const operationId = store.newId();
    await failpoints.reach('accept.before-commit');
    const declared = await store.commit(async (tx) => {
      const made = await writeDeclaration(store, tx, { uid, operationId, before: current, decided, request });
      await request.settle(tx, made.declared);
      return { result: made.declared, entries: made.entries };
    });
    await failpoints.reach('accept.after-commit');
    return declared;
  };
  return (request) => decidedAnew(request.precondition, () => declare(request));
}

