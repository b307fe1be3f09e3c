import type { OperationKind, Transition } from '../contracts/lifecycle.ts';
import type { TenantSpec } from '../contracts/manifests/tenant.ts';
import type { Leg } from './course.ts';
import { endsOf, pathsFrom, transitionsOn } from './lifecycle.ts';
import type { CompleteSpec, SpecFields } from './spec-fields.ts';
import type { CurrentTenant, TenantChange } from './tenant-change.ts';
import { TenureError } from './tenure-error.ts';

/** A lifecycle path, requested by its name. */
export type TenantVerb =
  | { readonly path: Exclude<OperationKind, 'change_plan' | 'purge'> }
  | { readonly path: 'change_plan'; readonly plan: string }
  /** `early`: before the purge time. */
  | { readonly path: 'purge'; readonly early: boolean };

export interface VerbTenant extends CurrentTenant {
  readonly spec: CompleteSpec;
  readonly deletion: { readonly from: 'Draft' | 'Archived' } | null;
}

/** Whether the tenant is already where the verb leads, so that there is nothing to do. */
export function isFulfilled(verb: TenantVerb, { lifecycle, spec }: Pick<VerbTenant, 'lifecycle' | 'spec'>): boolean {
  if (verb.path === 'change_plan') return spec.plan === verb.plan;
  if (verb.path === 'reconcile' || verb.path === 'undelete') return false;
  return (endsOf(verb.path) as string[]).includes(lifecycle);
}

/** Whether a running operation does what the verb asks for. */
export function isAlreadyRunning(
  verb: TenantVerb,
  { kind, assign }: { readonly kind: OperationKind; readonly assign: SpecFields },
): boolean {
  return kind === verb.path && (verb.path !== 'change_plan' || assign.plan === verb.plan);
}

/** Whether the verb asks for a purge before the purge time. */
export function isEarlyPurge(verb: TenantVerb): boolean {
  return verb.path === 'purge' && verb.early;
}

/**
 * What a verb means for the current tenant.
 * @throws TenureError transition_not_allowed, with the paths that are allowed
 */
export function planTenantVerb(
  verb: TenantVerb,
  current: VerbTenant,
): TenantChange & { readonly legs: readonly [Leg] } {
  const possible = transitionsOn(verb.path, current.lifecycle);
  const transition = verb.path === 'undelete' ? possible.find(({ to }) => to === current.deletion?.from) : possible[0];
  if (transition === undefined) {
    const allowed = pathsFrom(current.lifecycle);
    throw new TenureError(
      'transition_not_allowed',
      `${verb.path} is not possible while the tenant is ${current.lifecycle}`,
      {
        errors: [{ message: `${verb.path} is not possible from ${current.lifecycle}`, allowed }],
      },
    );
  }
  const assign = assignedBy(verb, transition);
  return { spec: { ...current.spec, ...assign }, legs: [{ transition, assign }] };
}

/** Only fields that a manifest could declare as well: deletion is not declared. */
function assignedBy(
  verb: TenantVerb,
  { from, to }: Transition,
): Partial<TenantSpec> & { lifecycle?: CompleteSpec['lifecycle'] } {
  if (verb.path === 'change_plan') return { plan: verb.plan };
  if (to === from || to === 'Deleted' || to === 'Purged' || from === 'Deleted') return {};
  return { lifecycle: to };
}
