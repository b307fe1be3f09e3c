import type { OperationKind } from '../contracts/lifecycle.ts';

/**
 * Where a step's effect lies. A `control` step commits in one transaction with its checkpoint; a `cell` step has effects
 * outside the control database and is bracketed by a committed intent and a committed outcome.
 */
export type StepScope = 'control' | 'cell';

export interface PlannedStep {
  /** Stable for ever: with the operation's id it is the key of the step's effect. */
  readonly key: string;
  readonly title: string;
  readonly scope: StepScope;
}

const activate = [
  { key: 'place', title: 'Choose region and cell', scope: 'control' },
  { key: 'issue-keys', title: 'Issue data key and credential', scope: 'control' },
  { key: 'claim-database', title: 'Claim the database', scope: 'cell' },
  { key: 'create-collections', title: 'Create collections, validators, indexes', scope: 'cell' },
  { key: 'create-roles', title: 'Create roles', scope: 'cell' },
  { key: 'create-user', title: 'Create the tenant’s user', scope: 'cell' },
  { key: 'probe-isolation', title: 'Probe the boundary', scope: 'cell' },
] as const satisfies readonly PlannedStep[];

/** The steps of every lifecycle path, in order. They are undone in reverse. */
export const stepPlans = { activate } as const satisfies Record<OperationKind, readonly PlannedStep[]>;

export type StepKey = (typeof stepPlans)[OperationKind][number]['key'];

export function plannedStep(kind: OperationKind, key: string): PlannedStep {
  const step = stepPlans[kind].find((candidate) => candidate.key === key);
  if (step === undefined) throw new TypeError(`the path "${kind}" has no step "${key}"`);
  return step;
}
