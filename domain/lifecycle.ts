import { transitions } from '../contracts/lifecycle.ts';
import type { LifecycleEnd, LifecycleState, OperationKind, Transition } from '../contracts/lifecycle.ts';

/** Paths that a declared `spec.lifecycle` takes. The others have verbs of their own and are never taken by an apply. */
export const declaredPaths: ReadonlySet<OperationKind> = new Set([
  'activate',
  'suspend',
  'resume',
  'archive',
  'reactivate',
]);

/** Where a path leads from a state: more than one way only for what goes back to where it came from. */
export function transitionsOn(path: OperationKind, from: LifecycleState): readonly Transition[] {
  return transitions.filter((transition) => transition.path === path && transition.from === from);
}

/** Where a declaration may take a tenant from this state, however many operations it takes. */
export function reachableFrom(from: LifecycleState): LifecycleEnd[] {
  const reached = new Set<LifecycleEnd>([from]);
  for (const state of reached)
    for (const { path, from: begins, to } of transitions)
      if (begins === state && declaredPaths.has(path)) reached.add(to);
  reached.delete(from);
  return [...reached];
}

/** The paths that may be taken from this state. */
export function pathsFrom(from: LifecycleState): OperationKind[] {
  return [...new Set(transitions.filter((transition) => transition.from === from).map(({ path }) => path))];
}

/** The states that a path leads to, from wherever. */
export function endsOf(path: OperationKind): LifecycleEnd[] {
  return [...new Set(transitions.filter((transition) => transition.path === path).map(({ to }) => to))];
}

/**
 * Whether a request may have the running operation cancelled and go on when it has been undone: the path it asks for must
 * lead on from where that leaves the tenant. The same path once more is asked for only where the running one is undone anyway.
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

/** Whether a path takes access away from a tenant that has it: while it runs nobody is let in. */
export function endsAccess(path: OperationKind): boolean {
  return transitions.some(
    (transition) => transition.path === path && transition.from === 'Active' && transition.to !== 'Active',
  );
}
