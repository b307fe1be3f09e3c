import type { EventType } from '../../contracts/event-types.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import type { AdmissionAction, PolicyAction } from '../../contracts/policy.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { policyRefusal } from '../admission/admission.ts';
import type { Admit } from '../admission/admission.ts';
import { callerEntry, refusalEntry } from '../requests/caller.ts';
import type { Caller, Permit } from '../requests/caller.ts';
import { retryOnConflict, requirePrecondition } from '../requests/precondition.ts';
import type { Precondition } from '../requests/precondition.ts';

export interface AtOnceRequest {
  readonly name: string;
  readonly precondition: Precondition;
  readonly caller: Caller;
  /** Authorizes the caller for the tenant that is changed; absent if the caller was already authorized. */
  readonly permit?: Permit;
  readonly action: AdmissionAction;
  readonly event: { readonly type: EventType; readonly data: Record<string, string> };
  /** Returns the changed tenant, or the same object if nothing changes. @throws TenureError */
  readonly change: (tenant: TenantDocument, time: Date) => TenantDocument;
  /** The spec that policy is asked about, if it is not the current one. */
  readonly asked?: (spec: TenantSpec) => TenantSpec;
  /** Runs inside the commit: keeps the answer under the request's idempotency key. */
  readonly alsoCommit: (tx: Transaction, tenant: TenantDocument) => Promise<void>;
}

/** Makes a change of a tenant that is complete once committed: no operation runs for it. */
export function changeAtOnce(
  { store, admit }: { readonly store: Store; readonly admit: Admit },
  request: AtOnceRequest,
): Promise<TenantDocument> {
  const { name, precondition, caller, permit, action, event, change, asked, alsoCommit } = request;
  return retryOnConflict(precondition, async () => {
    const current = await store.resources.find('Tenant', name);
    await permit?.(action satisfies PolicyAction, current);
    requirePrecondition(precondition, `tenant "${name}"`, current);
    if (current === undefined) throw new TenureError('not_found', `tenant "${name}" does not exist`);
    const target = { kind: 'Tenant', name, uid: current._id };
    const { _id: uid, lifecycle, spec, placement, deletion } = current;
    const { verdict } = await admit({
      action,
      actor: caller.actor,
      tenant: { name, uid, lifecycle, spec: asked?.(spec) ?? spec },
      placement,
      deletion,
    });
    if (!verdict.allow) {
      await store.refusals.record(
        refusalEntry(caller, { action, target, tenant: uid, policy: verdict.decision, reason: 'policy_refused' }),
      );
      throw policyRefusal(verdict);
    }
    if (change(current, store.clock.now()) === current) return current;
    return store.commit(async (tx) => {
      // Read again: a run that takes over the lock changes the fence but not the revision.
      const locked = await store.resources.read(tx, 'Tenant', uid);
      if (locked?.revision !== current.revision)
        throw new TenureError('revision_stale', `tenant "${name}" was changed in the meantime`);
      const changed = { ...change(locked, tx.time), revision: locked.revision + 1, updateTime: tx.time };
      const after = await store.resources.replace(tx, locked.revision, changed);
      await alsoCommit(tx, after);
      return {
        result: after,
        entries: [
          {
            ...callerEntry(caller),
            tenant: uid,
            action,
            target,
            outcome: 'succeeded',
            previous: stateReference(current),
            next: stateReference(after),
            policy: verdict.decision,
            event: { type: event.type, data: { tenant: { uid, name }, ...event.data } },
          },
        ],
      };
    });
  });
}
