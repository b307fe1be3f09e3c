import type { PolicyDecision } from '../../contracts/policy.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { TenantDocument, VerificationDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';
import { refuseWhileRunning } from '../changes/decide-change.ts';

export interface AcceptVerification {
  readonly tenants: readonly [TenantDocument, TenantDocument];
  readonly caller: Caller;
  /** The decisions that allow the caller to verify each of them. */
  readonly policies: readonly [PolicyDecision, PolicyDecision];
  /** Runs inside the commit: keeps the answer under the request's idempotency key. */
  readonly alsoCommit: (tx: Transaction, verification: VerificationDocument) => Promise<void>;
}

/**
 * @throws TenureError tenant_not_active, operation_in_progress: only the rights of an Active tenant that does not
 * change prove anything
 */
export function requireVerifiable({ name, lifecycle, operation }: TenantDocument): void {
  refuseWhileRunning({ name, operation });
  if (lifecycle !== 'Active') throw new TenureError('tenant_not_active', `tenant "${name}" is ${lifecycle}`);
}

/**
 * Accepts the verification of two tenants' isolation. One commit records that it runs and who requested it. If one
 * already runs, the request joins it.
 * @throws TenureError revision_stale if a tenant has changed since it was read
 */
export async function acceptVerification(
  store: Pick<Store, 'commit' | 'resources' | 'verifications' | 'newId'>,
  { tenants, caller, policies, alsoCommit }: AcceptVerification,
): Promise<VerificationDocument> {
  for (const tenant of tenants) requireVerifiable(tenant);
  const [first, second] = tenants.map(({ _id: uid, name }) => ({ uid, name }));
  if (first === undefined || second === undefined)
    throw new TenureError('internal', 'a verification needs two tenants');
  const id = store.newId();
  return store.commit(async (tx) => {
    // The caller was authorized on these states.
    for (const { _id: uid, name, revision } of tenants) {
      const current = await store.resources.read(tx, 'Tenant', uid);
      if (current?.revision !== revision)
        throw new TenureError('revision_stale', `tenant "${name}" was changed in the meantime`);
    }
    const verification = await store.verifications.accept(tx, [first, second], { id, ...caller });
    await alsoCommit(tx, verification);
    const entry = (index: 0 | 1): LedgerDraft => ({
      ...callerEntry(caller),
      tenant: tenants[index]._id,
      action: 'tenant.verify_isolation',
      target: { kind: 'Tenant', name: tenants[index].name, uid: tenants[index]._id },
      outcome: 'allowed',
      policy: policies[index],
    });
    return { result: verification, entries: [entry(0), entry(1)] };
  });
}
