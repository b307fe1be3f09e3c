import type { OperationKind } from '../contracts/lifecycle.ts';
import type { SpecFields } from './spec-fields.ts';

interface Scheduled {
  readonly name: string;
  readonly time: Date;
}

/**
 * The change of plan that waits for its time beside one that is made now: it gives way, and comes back where that one is
 * undone. The one whose time has come is the one that is made, and leaves nothing behind.
 */
export function scheduleBeside<Plan extends Scheduled>(
  path: OperationKind,
  { plan }: SpecFields,
  scheduled: Plan | null,
  now: Date,
): { readonly scheduledPlan?: Plan } {
  if (path !== 'change_plan' || scheduled === null) return {};
  const isItself = scheduled.name === plan && scheduled.time <= now;
  return isItself ? {} : { scheduledPlan: scheduled };
}
