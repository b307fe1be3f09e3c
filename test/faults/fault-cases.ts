import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import { courses } from './courses.ts';
import type { Course, Turn } from './courses.ts';
import { everyFault } from './faults.ts';
import type { Fault } from './faults.ts';

/** A fault that hits an operation on this course while it waits at this failpoint. */
export interface FaultCase {
  readonly course: Course;
  readonly failpoint: string;
  readonly fault: Fault;
  /** How many failpoints of the course come before this one. */
  readonly depth: number;
}

export function nameOf({ course, failpoint, fault }: FaultCase): string {
  return `${course.name}: ${fault.name} at ${failpoint}`;
}

/** Whether it is a request that waits at the failpoint, not the operation itself. */
export function standsInTheApi(failpoint: string): boolean {
  return failpoint.startsWith('accept.') || failpoint.startsWith('cancel.');
}

/**
 * What makes the operation undo its steps. If the fault hits the cancellation itself, the operation waits at its
 * beginning, where it can still be cancelled.
 */
export function turnOf({ course: { turn }, failpoint }: FaultCase): Turn | undefined {
  return turn !== undefined && failpoint.startsWith('cancel.') ? { ...turn, at: 'begin.after-commit' } : turn;
}

/**
 * Whether the operation at the failpoint is the second one, which waits for the first: after a preemption, only the
 * second one is accepted or begins.
 */
export function isOfTheNext({ course, failpoint }: FaultCase): boolean {
  return (
    course.turn !== undefined &&
    course.turn.by !== 'cancel' &&
    (failpoint.startsWith('begin.') || failpoint.startsWith('accept.'))
  );
}

/**
 * Before an operation is accepted, there is nothing to cancel or terminate; before its workflow starts, there is
 * nothing in Temporal.
 */
function applies({ course, failpoint, fault }: FaultCase): boolean {
  if (!failpoint.startsWith('accept.')) return true;
  return (
    !fault.needsWorkflow ||
    (fault.cancels === 'by the API' && failpoint === 'accept.after-commit' && course.turn === undefined)
  );
}

function plannedEnd({ course, failpoint, fault }: FaultCase): FinalOperationState {
  if (course.turn !== undefined || course.refused === true || fault.cancels === undefined) return course.ends;
  // A cancellation by the API is stored in the control data, where the intent of a pivot and the last commit see it.
  const isKept = fault.cancels === 'by the API';
  const steps = stepsOf(course.path);
  const pivot = steps.findIndex((step) => step.pivot === true);
  if (failpoint.startsWith('finish.'))
    return isKept && pivot < 0 && failpoint === 'finish.before-commit' ? 'cancelled' : 'succeeded';
  if (pivot < 0 || failpoint.startsWith('accept.') || failpoint.startsWith('begin.')) return 'cancelled';
  const reached = steps.findIndex(({ key }) => failpoint.startsWith(`${key}.`));
  return reached < pivot || (isKept && reached === pivot && failpoint.endsWith('.before-intent'))
    ? 'cancelled'
    : 'succeeded';
}

/**
 * How the operation at the failpoint is declared to end. If the fault hits a cancellation before it is committed, only
 * the answer of the API says whether the cancellation was in time.
 */
export function declaredEnd(faultCase: FaultCase, wasCancelled: boolean | undefined): FinalOperationState {
  return faultCase.fault.cancels === undefined && wasCancelled === false ? 'succeeded' : plannedEnd(faultCase);
}

/** Every fault at every failpoint of every course. */
export const everyCase: readonly FaultCase[] = courses.flatMap((course) =>
  course.writes
    .flatMap(({ failpoints }) => failpoints)
    .flatMap((failpoint, depth) => everyFault.map((fault) => ({ course, failpoint, fault, depth })).filter(applies)),
);
