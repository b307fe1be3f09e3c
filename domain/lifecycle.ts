import type { DeclarableLifecycle, LifecycleState, OperationKind } from '../contracts/lifecycle.ts';

export interface Transition {
  readonly from: LifecycleState;
  readonly to: LifecycleState;
  /** The lifecycle path that goes there. */
  readonly path: OperationKind;
}

/** Where each lifecycle path leads. An operation that is undone leaves the tenant where it was. */
const paths = {
  activate: { from: 'Draft', to: 'Active' },
} as const satisfies Record<OperationKind, { readonly from: DeclarableLifecycle; readonly to: LifecycleState }>;

/** Every way a tenant can go. What is not here is refused. */
export const transitions: readonly Transition[] = Object.entries(paths).map(([path, ends]) => ({ ...ends, path: path as OperationKind }));

/** The path from one state to another, or `undefined` where there is none. */
export function transitionBetween(from: LifecycleState, to: LifecycleState): Transition | undefined {
  return transitions.find((transition) => transition.from === from && transition.to === to);
}

/** Where a tenant in this state may go. */
export function reachableFrom(from: LifecycleState): LifecycleState[] {
  return transitions.filter((transition) => transition.from === from).map((transition) => transition.to);
}

/** The state a tenant returns to when an operation on this path fails or is cancelled and has been undone. */
export function stateAfterCompensation(path: OperationKind): DeclarableLifecycle {
  return paths[path].from;
}

/** The state a tenant is in when an operation on this path has succeeded. */
export function stateAfterSuccess(path: OperationKind): LifecycleState {
  return paths[path].to;
}
