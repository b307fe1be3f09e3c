import type { OperationKind } from '../contracts/lifecycle.ts';
import type { SpecFields } from './spec-fields.ts';

interface Scheduled {
  readonly name: string;
  readonly time: Date;
}

/**
 * The scheduled plan change to restore if the change that is made now is undone. A plan change replaces the schedule;
 * if it is itself the scheduled change that has become due, there is nothing to restore.
 */
export function scheduleToRestore<Plan extends Scheduled>(
  path: OperationKind,
  { plan }: SpecFields,
  scheduled: Plan | null,
  now: Date,
): { readonly scheduledPlan?: Plan } {
  if (path !== 'change_plan' || scheduled === null) return {};
  const isItself = scheduled.name === plan && scheduled.time <= now;
  return isItself ? {} : { scheduledPlan: scheduled };
}
