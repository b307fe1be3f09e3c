import type { LifecycleState, OperationKind } from '../contracts/lifecycle.ts';

export interface Transition {
  readonly from: LifecycleState;
  readonly to: LifecycleState;
  /** The lifecycle path that goes there. */
  readonly path: OperationKind;
}

/** Every way a tenant can go. What is not here is refused. */
export const transitions: readonly Transition[] = [{ from: 'Draft', to: 'Active', path: 'activate' }];

/** The path from one state to another, or `undefined` where there is none. */
export function transitionBetween(from: LifecycleState, to: LifecycleState): Transition | undefined {
  return transitions.find((transition) => transition.from === from && transition.to === to);
}

/** Where a tenant in this state may go. */
export function reachableFrom(from: LifecycleState): LifecycleState[] {
  return transitions.filter((transition) => transition.from === from).map((transition) => transition.to);
}

/** The state a tenant returns to when an operation on this path fails or is cancelled and has been undone. */
export function stateAfterCompensation(path: OperationKind): LifecycleState {
  const transition = transitions.find((candidate) => candidate.path === path);
  if (transition === undefined) throw new TypeError(`no transition by the path "${path}"`);
  return transition.from;
}

/** The state a tenant is in when an operation on this path has succeeded. */
export function stateAfterSuccess(path: OperationKind): LifecycleState {
  const transition = transitions.find((candidate) => candidate.path === path);
  if (transition === undefined) throw new TypeError(`no transition by the path "${path}"`);
  return transition.to;
}
