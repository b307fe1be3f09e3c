import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import type { PlannedStep, StepKey } from '../../domain/step-plan.ts';
import type { Standing } from './standing.ts';

/** What makes a running operation undo its steps, before a fault hits it on its way back. */
export interface Turn {
  /** The failpoint where the operation waits at that time. */
  readonly at: string;
  /** A cancellation, or a path that preempts the operation. */
  readonly by: 'cancel' | 'suspend' | 'reconcile';
}

/** A commit to the control database, with the failpoints around it where a fault can hit. */
export interface DurableWrite {
  readonly name: string;
  /** In order; each is reached once. */
  readonly failpoints: readonly string[];
}

/** One way that an operation can take. */
export interface Course {
  readonly name: string;
  readonly path: OperationKind;
  readonly from: Standing;
  /** Where the path leads; the declared end says whether the operation gets there. */
  readonly to: Standing;
  /** In order. */
  readonly writes: readonly DurableWrite[];
  /** How it ends if nothing else cancels it. */
  readonly ends: FinalOperationState;
  readonly turn?: Turn;
  /** mongod refuses what it declares. */
  readonly refused?: true;
}

type Path = Pick<Course, 'name' | 'path' | 'from' | 'to'>;

const activation: Path = { name: 'activate', path: 'activate', from: 'Draft', to: 'Active' };

const paths: readonly Path[] = [
  activation,
  { name: 'suspend', path: 'suspend', from: 'Active', to: 'Suspended' },
  { name: 'resume', path: 'resume', from: 'Suspended', to: 'Active' },
  { name: 'archive', path: 'archive', from: 'Suspended', to: 'Archived' },
  { name: 'reactivate', path: 'reactivate', from: 'Archived', to: 'Active' },
  { name: 'delete a Draft', path: 'delete', from: 'Draft', to: 'Deleted Draft' },
  { name: 'delete', path: 'delete', from: 'Archived', to: 'Deleted' },
  { name: 'undelete to Draft', path: 'undelete', from: 'Deleted Draft', to: 'Draft' },
  { name: 'undelete', path: 'undelete', from: 'Deleted', to: 'Archived' },
  { name: 'purge', path: 'purge', from: 'Deleted', to: 'Purged' },
  { name: 'change_plan', path: 'change_plan', from: 'Active', to: 'Active' },
  { name: 'reconcile', path: 'reconcile', from: 'Active', to: 'Active' },
];

function commitOf(what: 'accept' | 'begin' | 'cancel' | 'turn' | 'finish'): DurableWrite {
  return { name: what, failpoints: [`${what}.before-commit`, `${what}.after-commit`] };
}

function forwardWrites({ key, scope }: PlannedStep): DurableWrite[] {
  const outcome = [`${key}.before-checkpoint`, `${key}.after-checkpoint`];
  if (scope === 'control') return [{ name: key, failpoints: [`${key}.before-intent`, ...outcome] }];
  return [
    { name: `${key}: intent`, failpoints: [`${key}.before-intent`, `${key}.after-intent`] },
    { name: `${key}: outcome`, failpoints: outcome },
  ];
}

function undoWrites({ key, scope }: PlannedStep): DurableWrite[] {
  const outcome = [`${key}.before-undo-checkpoint`, `${key}.after-undo-checkpoint`];
  if (scope === 'control') return [{ name: `undo ${key}`, failpoints: [`${key}.before-undo`, ...outcome] }];
  return [
    { name: `undo ${key}: intent`, failpoints: [`${key}.before-undo`, `${key}.after-undo-intent`] },
    { name: `undo ${key}: outcome`, failpoints: outcome },
  ];
}

function backWrites(steps: readonly PlannedStep[]): DurableWrite[] {
  return [commitOf('turn'), ...steps.toReversed().flatMap(undoWrites), commitOf('finish')];
}

function stepsUpTo(path: OperationKind, last: StepKey): readonly PlannedStep[] {
  const steps = stepsOf(path);
  return steps.slice(0, steps.findIndex(({ key }) => key === last) + 1);
}

function forward(path: Path): Course {
  return {
    ...path,
    writes: [commitOf('accept'), commitOf('begin'), ...stepsOf(path.path).flatMap(forwardWrites), commitOf('finish')],
    ends: 'succeeded',
  };
}

/** Cancelled when every step is done, so that all of them are undone; a path with a pivot, before its first step. */
function back(path: Path): Course {
  const steps = stepsOf(path.path);
  const hasPivot = steps.some(({ pivot }) => pivot === true);
  const at = hasPivot ? 'begin.after-commit' : `${steps.at(-1)?.key}.after-checkpoint`;
  return {
    ...path,
    name: `${path.name}, cancelled`,
    writes: [commitOf('cancel'), ...backWrites(hasPivot ? [] : steps)],
    ends: 'cancelled',
    turn: { at, by: 'cancel' },
  };
}

/** An activation whose collections mongod refuses: the only way back that does not start with a cancellation. */
const refusedActivation: Course = {
  ...activation,
  name: 'activate, refused by mongod',
  writes: backWrites(stepsUpTo('activate', 'create-collections')),
  ends: 'failed',
  refused: true,
};

const preemptions: readonly Course[] = [
  {
    name: 'reconcile, preempted by suspend',
    path: 'reconcile',
    from: 'Active',
    to: 'Active',
    turn: { at: 'correct-roles.after-checkpoint', by: 'suspend' },
    // `begin` is of the operation that waited; the other one began long before.
    writes: [commitOf('accept'), ...backWrites(stepsUpTo('reconcile', 'correct-roles')), commitOf('begin')],
    ends: 'cancelled',
  },
  {
    name: 'suspend, preempted by reconcile at its end',
    path: 'suspend',
    from: 'Active',
    to: 'Suspended',
    turn: { at: 'finish.before-commit', by: 'reconcile' },
    writes: [
      commitOf('accept'),
      ...backWrites(stepsOf('suspend')).filter(({ name }) => name !== 'finish'),
      { name: 'finish', failpoints: ['finish.after-commit'] },
      commitOf('begin'),
    ],
    ends: 'cancelled',
  },
];

/** All courses that the fault tests inject faults into, in the order of the report. */
export const courses: readonly Course[] = [
  ...paths.flatMap((path) => [forward(path), back(path), ...(path === activation ? [refusedActivation] : [])]),
  ...preemptions,
];
