import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import { courses } from './courses.ts';
import type { Course, Turn } from './courses.ts';
import { everyFault } from './faults.ts';
import type { Fault } from './faults.ts';

/** A fault that strikes when an operation on this course stands at this place. */
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

/** Whether it is a request that stands at the failpoint, and not the operation itself. */
export function standsInTheApi(failpoint: string): boolean {
  return failpoint.startsWith('accept.') || failpoint.startsWith('cancel.');
}

/** How the operation is turned round. One whose cancellation is itself struck stands at its beginning, so that it can be cancelled still. */
export function turnOf({ course: { turn }, failpoint }: FaultCase): Turn | undefined {
  return turn !== undefined && failpoint.startsWith('cancel.') ? { ...turn, at: 'begin.after-commit' } : turn;
}

/** Which operation stands at the failpoint: after a preemption, what is begun or accepted is the one that waited. */
export function isOfTheNext({ course, failpoint }: FaultCase): boolean {
  return (
    course.turn !== undefined &&
    course.turn.by !== 'cancel' &&
    (failpoint.startsWith('begin.') || failpoint.startsWith('accept.'))
  );
}

/** Before it is accepted there is nothing to cancel or terminate; before its workflow begins, nothing in Temporal. */
function applies({ course, failpoint, fault }: FaultCase): boolean {
  if (!failpoint.startsWith('accept.')) return true;
  return (
    !fault.needsWorkflow ||
    (fault.cancels === 'by the API' && failpoint === 'accept.after-commit' && course.turn === undefined)
  );
}

function plannedEnd({ course, failpoint, fault }: FaultCase): FinalOperationState {
  if (course.turn !== undefined || course.refused === true || fault.cancels === undefined) return course.ends;
  // What was asked of the API stands in the control data, where the intent of a pivot and the last commit find it.
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
 * How the operation at the failpoint is declared to end. Whether its cancellation was in time is the API's to say where that is
 * struck before it commits it.
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
