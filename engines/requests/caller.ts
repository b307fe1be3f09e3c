import type { PolicyAction, PolicyActor, PolicyDecision } from '../../contracts/policy.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';

/** Who asks, by which request, and the decision that let them ask. */
export interface Caller {
  readonly actor: PolicyActor;
  readonly requestId: string;
  readonly correlationId: string;
}

/**
 * Asks whether the caller may do this to the tenant on which a change is decided; `undefined` where there is none of its name.
 * @throws TenureError forbidden, not_found, policy_unavailable
 */
export type Permit = (action: PolicyAction, tenant: TenantDocument | undefined) => Promise<void>;

/** What an entry says of the caller. */
export function callerEntry({
  actor,
  requestId,
  correlationId,
}: Caller): Pick<LedgerDraft, 'actor' | 'requestId' | 'correlationId'> {
  return { actor: { subject: actor.subject, roles: actor.roles }, requestId, correlationId };
}

/** A refusal, as it goes into the ledger. */
export function refusalEntry(
  caller: Caller,
  told: Pick<LedgerDraft, 'action' | 'target' | 'reason'> & {
    readonly tenant?: string;
    readonly policy?: PolicyDecision;
  },
): LedgerDraft {
  return { ...callerEntry(caller), outcome: 'denied', ...told };
}
