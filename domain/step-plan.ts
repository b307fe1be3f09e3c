import type { OperationKind } from '../contracts/lifecycle.ts';

/**
 * Where a step takes effect. A `control` step commits in one transaction with its checkpoint; a `cell` step has effects
 * outside the control database and is bracketed by a committed intent and a committed outcome.
 */
export type StepScope = 'control' | 'cell';

interface StepDefinition {
  /** Must never change: together with the operation's id it identifies the step's effect. */
  readonly key: string;
  readonly title: string;
  readonly scope: StepScope;
  /** From its intent on, the operation can only move forward: what it destroys cannot be restored. */
  readonly pivot?: true;
}

/** The steps of every lifecycle path, in order. They are undone in reverse. */
export const stepPlans = {
  activate: [
    { key: 'place', title: 'Choose region and cell', scope: 'control' },
    { key: 'issue-keys', title: 'Issue data key and credential', scope: 'control' },
    { key: 'claim-database', title: 'Claim the database', scope: 'cell' },
    { key: 'create-collections', title: 'Create collections, validators, indexes', scope: 'cell' },
    { key: 'create-roles', title: 'Create roles', scope: 'cell' },
    { key: 'create-user', title: 'Create the tenant’s user', scope: 'cell' },
    { key: 'probe-isolation', title: 'Probe the boundary', scope: 'cell' },
  ],
  suspend: [
    { key: 'end-leases', title: 'End the leases of clients', scope: 'control' },
    { key: 'revoke-access', title: 'Revoke the roles, end sessions', scope: 'cell' },
  ],
  resume: [
    { key: 'restore-access', title: 'Grant the roles again', scope: 'cell' },
    { key: 'probe-isolation', title: 'Probe the boundary', scope: 'cell' },
  ],
  archive: [
    { key: 'remove-user', title: 'Remove the tenant’s user', scope: 'cell' },
    { key: 'shed-indexes', title: 'Drop secondary indexes', scope: 'cell' },
    { key: 'release-tables', title: 'Release the tables reserved on the cell', scope: 'control' },
  ],
  reactivate: [
    { key: 'take-tables', title: 'Reserve tables on the cell', scope: 'control' },
    { key: 'rebuild-indexes', title: 'Rebuild the indexes', scope: 'cell' },
    { key: 'correct-roles', title: 'Correct roles', scope: 'cell' },
    { key: 'restore-access', title: 'Restore the user and its roles', scope: 'cell' },
    { key: 'probe-isolation', title: 'Probe the boundary', scope: 'cell' },
  ],
  delete: [{ key: 'schedule-purge', title: 'Schedule the purge', scope: 'control' }],
  undelete: [{ key: 'cancel-purge', title: 'Cancel the scheduled purge', scope: 'control' }],
  purge: [
    { key: 'destroy-user', title: 'Destroy the user', scope: 'cell', pivot: true },
    { key: 'destroy-roles', title: 'Destroy the roles', scope: 'cell' },
    { key: 'destroy-data', title: 'Destroy the data', scope: 'cell' },
    { key: 'release-claim', title: 'Release the claim', scope: 'cell' },
    { key: 'destroy-keys', title: 'Destroy data key and credential', scope: 'control' },
  ],
  change_plan: [{ key: 'bind-plan', title: 'Bind the plan', scope: 'control' }],
  reconcile: [
    { key: 'adjust-tables', title: 'Adjust the tables reserved on the cell', scope: 'control' },
    { key: 'correct-collections', title: 'Correct collections, validators, indexes', scope: 'cell' },
    { key: 'correct-roles', title: 'Correct roles', scope: 'cell' },
    { key: 'correct-user', title: 'Correct the tenant’s user', scope: 'cell' },
    { key: 'probe-isolation', title: 'Probe the boundary', scope: 'cell' },
  ],
} as const satisfies Record<OperationKind, readonly StepDefinition[]>;

export type StepKey = (typeof stepPlans)[OperationKind][number]['key'];

export interface PlannedStep extends StepDefinition {
  readonly key: StepKey;
}

/** The steps of one path, in order. */
export function stepsOf(kind: OperationKind): readonly PlannedStep[] {
  return stepPlans[kind];
}

export function plannedStep(kind: OperationKind, key: string): PlannedStep {
  const step = stepsOf(kind).find((candidate) => candidate.key === key);
  if (step === undefined) throw new TypeError(`the path "${kind}" has no step "${key}"`);
  return step;
}

/** Whether an operation with these steps can still be undone. */
export function isReversible(
  kind: OperationKind,
  states: Readonly<Record<string, { readonly state: string } | undefined>>,
): boolean {
  return stepsOf(kind).every((step) => step.pivot !== true || (states[step.key]?.state ?? 'pending') === 'pending');
}
