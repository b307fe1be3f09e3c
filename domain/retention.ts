import type { PlanSpec } from '../contracts/manifests/plan.ts';

const defaultDeletedDays = 90;
const dayMs = 24 * 60 * 60 * 1000;

/** When a tenant that was deleted at `deleteTime` is purged. */
export function purgeTimeOf(deleteTime: Date, plan: Pick<PlanSpec, 'retention'> | undefined): Date {
  return new Date(deleteTime.getTime() + (plan?.retention?.deletedDays ?? defaultDeletedDays) * dayMs);
}
