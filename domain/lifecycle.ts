import { transitions } from '../contracts/lifecycle.ts';
import type { LifecycleEnd, LifecycleState, OperationKind, Transition } from '../contracts/lifecycle.ts';

/** Paths that a declared `spec.lifecycle` takes. The others have verbs of their own and are never taken by an apply. */
export const declaredPaths: ReadonlySet<OperationKind> = new Set(['activate', 'suspend', 'resume', 'archive', 'reactivate']);

/** Where a path leads from a state: more than one way only for what goes back to where it came from. */
export function transitionsOn(path: OperationKind, from: LifecycleState): readonly Transition[] {
  return transitions.filter((transition) => transition.path === path && transition.from === from);
}

/** The path that a declaration takes from one state to another, or `undefined` where there is none. */
export function transitionBetween(from: LifecycleState, to: LifecycleState): Transition | undefined {
  return transitions.find((transition) => declaredPaths.has(transition.path) && transition.from === from && transition.to === to);
}

/** Where a declaration may take a tenant from this state. */
export function reachableFrom(from: LifecycleState): LifecycleEnd[] {
  return transitions.filter((transition) => declaredPaths.has(transition.path) && transition.from === from).map(({ to }) => to);
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
export function mayPreempt(path: OperationKind, running: { readonly kind: OperationKind; readonly from: LifecycleState; readonly isBeingUndone?: boolean }): boolean {
  return running.kind !== 'purge' && (running.kind !== path || running.isBeingUndone === true) && transitionsOn(path, running.from).length > 0;
}

/** Whether a path takes access away from a tenant that has it: while it runs nobody is let in. */
export function endsAccess(path: OperationKind): boolean {
  return transitions.some((transition) => transition.path === path && transition.from === 'Active' && transition.to !== 'Active');
}
