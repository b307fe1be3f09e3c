import type { Condition } from '../contracts/manifests/tenant.ts';

export const conditionTypes = [
  'Ready',
  'Applied',
  'Provisioned',
  'Placed',
  'ResidencyCompliant',
  'PolicyCompliant',
  'IsolationVerified',
  'QuotaSatisfied',
  'DeletionBlocked',
  'InSync',
] as const;
export type ConditionType = (typeof conditionTypes)[number];

export interface ConditionUpdate {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

/**
 * Conditions after these updates, sorted by type. `lastTransitionTime` changes only when the status does, as in
 * Kubernetes' API conventions.
 */
export function updateConditions(
  conditions: readonly Condition[],
  updates: readonly ConditionUpdate[],
  at: { readonly time: string; readonly generation: number },
): Condition[] {
  const byType = new Map(conditions.map((condition) => [condition.type, condition]));
  for (const update of updates) {
    const before = byType.get(update.type);
    byType.set(update.type, {
      ...update,
      observedGeneration: at.generation,
      lastTransitionTime: before?.status === update.status ? before.lastTransitionTime : at.time,
    });
  }
  return [...byType.values()].toSorted((a, b) => (a.type < b.type ? -1 : 1));
}
