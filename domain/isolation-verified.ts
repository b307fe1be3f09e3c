import type { LifecycleState } from '../contracts/lifecycle.ts';
import type { Condition } from '../contracts/manifests/tenant.ts';
import type { ConditionUpdate } from './conditions.ts';
import { readyIn } from './operation-outcomes.ts';

/**
 * The result of a verification of two tenants, for a tenant's condition. It does not name the other tenant, which the
 * reader may not be allowed to see.
 */
export interface IsolationFinding {
  readonly time: string;
  /** The versions that answered. */
  readonly mongod: readonly string[];
  readonly probes: number;
  readonly breaches: number;
}

const verified = 'IsolationVerified';
const breached = 'Breach';
const breachedReady = 'IsolationBreached';

/** Whether this tenant has a breach that no verification has cleared yet. */
function isBreached(conditions: readonly Condition[]): boolean {
  return conditions.some(({ type, status, reason }) => type === verified && status === 'False' && reason === breached);
}

/**
 * The conditions that may be written after an operation. Only a verification clears a breach: the probe of an operation
 * sees the tenant's own rights, but not the rights of others on its data. While its isolation is not verified, the
 * tenant is not ready.
 */
export function gatedByIsolation(
  conditions: readonly Condition[],
  updates: readonly ConditionUpdate[],
): ConditionUpdate[] {
  const kept = isBreached(conditions) ? updates.filter(({ type }) => type !== verified) : updates;
  const isolation = [...kept, ...conditions].find(({ type }) => type === verified);
  if (isolation?.status !== 'False') return [...kept];
  return kept.map((update) =>
    update.type === 'Ready' && update.status === 'True'
      ? {
          ...update,
          status: 'False',
          reason: breachedReady,
          message: 'its isolation was breached in a test; see IsolationVerified',
        }
      : update,
  );
}

/** Conditions after a breach was found. */
export function conditionsAfterBreach({ time, mongod, probes, breaches }: IsolationFinding): ConditionUpdate[] {
  const message = `${breaches} of ${probes} probes between this tenant and another got through, ${time}, mongod ${mongod.join(', ')}; see its isolation report`;
  return [
    { type: verified, status: 'False', reason: breached, message },
    { type: 'Ready', status: 'False', reason: breachedReady, message },
  ];
}

/**
 * Conditions after a verification in which the boundary held. `cleared`: the tenant has no breach with any other
 * tenant.
 */
export function conditionsAfterVerification(
  { time, mongod, probes }: IsolationFinding,
  tenant: { readonly conditions: readonly Condition[]; readonly lifecycle: LifecycleState },
  cleared: boolean,
): ConditionUpdate[] {
  if (!cleared) return [];
  const pairVerified: ConditionUpdate = {
    type: verified,
    status: 'True',
    reason: 'PairVerified',
    message: `none of ${probes} probes between this tenant and another got through, ${time}, mongod ${mongod.join(', ')}`,
  };
  const wasHeldBack = tenant.conditions.some(({ type, reason }) => type === 'Ready' && reason === breachedReady);
  return wasHeldBack ? [pairVerified, readyIn(tenant.lifecycle)] : [pairVerified];
}
