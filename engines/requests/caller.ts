import type { PolicyAction, PolicyActor, PolicyDecision } from '../../contracts/policy.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { retryDelayMs } from '../../domain/backoff.ts';

/** The actor of a request, and the ids of the request. */
export interface Caller {
  readonly actor: PolicyActor;
  readonly requestId: string;
  readonly correlationId: string;
}

/**
 * Authorizes the caller for an action on the tenant; `undefined` if there is no tenant of this name.
 * @throws TenureError forbidden, not_found, policy_unavailable
 */
export type Permit = (action: PolicyAction, tenant: TenantDocument | undefined) => Promise<void>;

/** The fields of an entry that identify the caller. */
export function callerEntry({
  actor,
  requestId,
  correlationId,
}: Caller): Pick<LedgerDraft, 'actor' | 'requestId' | 'correlationId'> {
  return { actor: { subject: actor.subject, roles: actor.roles }, requestId, correlationId };
}

/** The ledger entry of a refusal. */
export function refusalEntry(
  caller: Caller,
  details: Pick<LedgerDraft, 'action' | 'target' | 'reason'> & {
    readonly tenant?: string;
    readonly policy?: PolicyDecision;
  },
): LedgerDraft {
  return { ...callerEntry(caller), outcome: 'denied', ...details };
}

/**
 * The plane itself as the caller, for due work and for repairing drift. No token can grant its role, because policy
 * does not know it.
 */
export function systemCaller(requestId: string): Caller {
  return { actor: { subject: 'tenure', roles: ['plane'] }, requestId, correlationId: requestId };
}

/**
 * How long the plane waits, in milliseconds, before it retries work that failed or was refused this often: from a
 * minute to six hours, because a retry may succeed once somebody has changed something.
 */
export function planeBackoffMs(failures: number): number {
  return retryDelayMs(failures, Math.random(), { baseMs: 60_000, capMs: 6 * 60 * 60 * 1000 });
}
