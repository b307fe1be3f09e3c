import { stepPlans } from '../../domain/step-plan.ts';

/** Before and after each durable write of an activation, in order; every name is reached once on the way to Active. */
export const acceptingFailpoints = ['accept.before-commit', 'accept.after-commit'] as const;

export const workerFailpoints: readonly string[] = [
  'begin.before-commit',
  'begin.after-commit',
  ...stepPlans.activate.flatMap(({ key, scope }) => [`${key}.before-intent`, ...(scope === 'cell' ? [`${key}.after-intent`] : []), `${key}.before-checkpoint`, `${key}.after-checkpoint`]),
  'finish.before-commit',
  'finish.after-commit',
];

/** On the way back, when mongod has refused the tenant's collections. */
export const undoFailpoints: readonly string[] = [
  'turn.before-commit',
  'turn.after-commit',
  ...['create-collections', 'claim-database', 'issue-keys', 'place'].flatMap((key) => [`${key}.before-undo`, `${key}.before-undo-checkpoint`, `${key}.after-undo-checkpoint`]),
  'finish.before-commit',
  'finish.after-commit',
];
