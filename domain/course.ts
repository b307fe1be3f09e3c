import { transitions } from '../contracts/lifecycle.ts';
import type { DeclarableLifecycle, LifecycleState, OperationKind, Transition } from '../contracts/lifecycle.ts';
import type { TenantSpec } from '../contracts/manifests/tenant.ts';
import { declaredPaths, transitionsOn } from './lifecycle.ts';
import { fieldsBefore, withFields } from './spec-fields.ts';
import type { CompleteSpec, SpecFields } from './spec-fields.ts';

/** One operation of a course: its transition, and what it writes into the spec. */
export interface Leg {
  readonly transition: Transition;
  readonly assign: SpecFields;
}

/** A leg with the spec before and after it. */
export interface UnfoldedLeg extends Leg {
  /** The spec once the leg has ended. */
  readonly spec: CompleteSpec;
  /** The values of its fields before it. */
  readonly restore: SpecFields;
  /** The values of the later legs' fields until those legs start. */
  readonly deferred: SpecFields;
}

/** A change of fields that needs this path, in any state that has it. */
export interface FieldChange {
  readonly path: OperationKind;
  readonly assign: SpecFields;
}

/** The shortest sequence of declared transitions from one state to another; `undefined` if there is none. */
export function routeBetween(from: LifecycleState, to: DeclarableLifecycle): readonly Transition[] | undefined {
  const reached = new Map<LifecycleState, readonly Transition[]>([[from, []]]);
  // A map is iterated in insertion order, also while it grows: nearer states come first.
  for (const [state, route] of reached) {
    if (state === to) return route;
    for (const transition of transitions) {
      if (transition.from !== state || transition.to === 'Purged' || !declaredPaths.has(transition.path)) continue;
      if (!reached.has(transition.to)) reached.set(transition.to, [...route, transition]);
    }
  }
  return undefined;
}

/**
 * Orders a declaration into operations: the transitions of its lifecycle, and each change of fields in a state that has
 * a path for it. If there is a choice, fields change while the tenant is not Active, so access is revoked first and
 * restored last. The plan changes before what may need its larger limits.
 * @returns the legs, and the changes that have no path in any state along the way
 */
export function courseOf(
  from: LifecycleState,
  route: readonly Transition[],
  changes: readonly FieldChange[],
): { readonly legs: readonly Leg[]; readonly impossible: readonly FieldChange[] } {
  const states = [from, ...route.map(({ to }) => to as LifecycleState)];
  const legsByState = new Map<number, Leg[]>();
  const impossible: FieldChange[] = [];
  const order: readonly OperationKind[] = ['change_plan', 'reconcile'];
  for (const change of changes.toSorted((a, b) => order.indexOf(a.path) - order.indexOf(b.path))) {
    const possible = states.flatMap((state, index) =>
      transitionsOn(change.path, state).map((transition) => ({ index, state, transition })),
    );
    const chosen = possible.find(({ state }) => state !== 'Active') ?? possible[0];
    if (chosen === undefined) impossible.push(change);
    else
      legsByState.set(chosen.index, [
        ...(legsByState.get(chosen.index) ?? []),
        { transition: chosen.transition, assign: change.assign },
      ]);
  }
  const legs = states.flatMap((_, index): Leg[] => {
    const next = route[index];
    return [
      ...(legsByState.get(index) ?? []),
      ...(next === undefined ? [] : [{ transition: next, assign: { lifecycle: next.to as DeclarableLifecycle } }]),
    ];
  });
  return { legs, impossible };
}

/** Everything that these legs write; a later leg overrides an earlier one. */
export function assignedBy(legs: readonly Leg[]): SpecFields {
  return Object.assign({}, ...legs.map(({ assign }) => assign)) as SpecFields;
}

/** The specs before and after each leg of a course from one spec to another. */
export function unfold(legs: readonly Leg[], before: TenantSpec, final: CompleteSpec): UnfoldedLeg[] {
  let spec = withFields(final, fieldsBefore(assignedBy(legs), before));
  return legs.map(({ transition, assign }, index) => {
    const restore = fieldsBefore(assign, spec);
    spec = withFields(spec, assign);
    return { transition, assign, spec, restore, deferred: fieldsBefore(assignedBy(legs.slice(index + 1)), spec) };
  });
}
