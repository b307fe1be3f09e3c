import { transitions } from '../contracts/lifecycle.ts';
import type { LifecycleEnd, LifecycleState, OperationKind, Transition } from '../contracts/lifecycle.ts';

/** Paths that a declared `spec.lifecycle` can take. The others have their own verbs; an apply never takes them. */
export const declaredPaths: ReadonlySet<OperationKind> = new Set([
  'activate',
  'suspend',
  'resume',
  'archive',
  'reactivate',
]);

/** The transitions of a path from a state: more than one only for a path that returns to an earlier state. */
export function transitionsOn(path: OperationKind, from: LifecycleState): readonly Transition[] {
  return transitions.filter((transition) => transition.path === path && transition.from === from);
}

/** The states that a declaration can bring a tenant to from this state, with any number of operations. */
export function reachableFrom(from: LifecycleState): LifecycleEnd[] {
  const reached = new Set<LifecycleEnd>([from]);
  for (const state of reached)
    for (const { path, from: start, to } of transitions)
      if (start === state && declaredPaths.has(path)) reached.add(to);
  reached.delete(from);
  return [...reached];
}

/** The paths that are possible from this state. */
export function pathsFrom(from: LifecycleState): OperationKind[] {
  return [...new Set(transitions.filter((transition) => transition.from === from).map(({ path }) => path))];
}

/** The states that a path leads to, from any state. */
export function endsOf(path: OperationKind): LifecycleEnd[] {
  return [...new Set(transitions.filter((transition) => transition.path === path).map(({ to }) => to))];
}

/**
 * Whether a request may preempt the running operation: its path must be possible from the state that the tenant returns
 * to. The same path may preempt only an operation that is already being undone.
 */
export function mayPreempt(
  path: OperationKind,
  running: { readonly kind: OperationKind; readonly from: LifecycleState; readonly isBeingUndone?: boolean },
): boolean {
  return (
    running.kind !== 'purge' &&
    (running.kind !== path || running.isBeingUndone === true) &&
    transitionsOn(path, running.from).length > 0
  );
}

/** Whether a path ends the access of a tenant that has it: while it runs, nobody may open the tenant. */
export function endsAccess(path: OperationKind): boolean {
  return transitions.some(
    (transition) => transition.path === path && transition.from === 'Active' && transition.to !== 'Active',
  );
}
