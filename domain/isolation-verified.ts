import type { LifecycleState } from '../contracts/lifecycle.ts';
import type { Condition } from '../contracts/manifests/tenant.ts';
import type { ConditionUpdate } from './conditions.ts';
import { readyIn } from './operation-outcomes.ts';

/** What a verification of two tenants has found, as a tenant's condition tells it. It names no other tenant: who reads it may not see that one. */
export interface IsolationFinding {
  readonly time: string;
  /** Versions that answered. */
  readonly mongod: readonly string[];
  readonly probes: number;
  readonly breaches: number;
}

const verified = 'IsolationVerified';
const breached = 'Breach';
const breachedReady = 'IsolationBreached';

/** Whether a breach was found of this tenant that no verification has lifted yet. */
function isBreached(conditions: readonly Condition[]): boolean {
  return conditions.some(({ type, status, reason }) => type === verified && status === 'False' && reason === breached);
}

/**
 * What may be written of a tenant after an operation. A breach stands until a verification lifts it: what an operation tries by itself sees
 * the tenant's own rights and not those that another has on its data. While the isolation is not verified, the tenant is not ready.
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
          message: 'its boundary did not hold when it was tried; see IsolationVerified',
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

/** Conditions after a verification in which the boundary held. `lifts`: no breach between the tenant and any other is left. */
export function conditionsAfterVerification(
  { time, mongod, probes }: IsolationFinding,
  tenant: { readonly conditions: readonly Condition[]; readonly lifecycle: LifecycleState },
  lifts: boolean,
): ConditionUpdate[] {
  if (!lifts) return [];
  const held: ConditionUpdate = {
    type: verified,
    status: 'True',
    reason: 'PairVerified',
    message: `none of ${probes} probes between this tenant and another got through, ${time}, mongod ${mongod.join(', ')}`,
  };
  const wasClosed = tenant.conditions.some(({ type, reason }) => type === 'Ready' && reason === breachedReady);
  return wasClosed ? [held, readyIn(tenant.lifecycle)] : [held];
}
