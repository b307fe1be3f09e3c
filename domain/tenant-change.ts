import type { DeclarableLifecycle, LifecycleState, OperationKind } from '../contracts/lifecycle.ts';
import type { PlacementStatus, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';
import { isolationFlaws, isolationModeOf } from './isolation.ts';
import { reachableFrom, transitionBetween } from './lifecycle.ts';
import { TenureError } from './tenure-error.ts';

export interface CurrentTenant {
  readonly spec: TenantSpec;
  readonly lifecycle: LifecycleState;
  readonly placement: PlacementStatus | null;
}

/** What a declared spec means for the tenant as it is. */
export interface TenantChange {
  /** The whole spec as it will stand: what the manifest left out is filled from the current one. */
  readonly spec: TenantSpec & { readonly lifecycle: DeclarableLifecycle };
  /** The path that brings the tenant there; absent when writing the spec is all. */
  readonly path?: OperationKind;
}

/**
 * Reads a declaration against the current tenant. An absent `lifecycle` or `placement` means unchanged.
 * @throws TenureError isolation_not_available, transition_not_allowed, placement_immutable, change_not_available
 */
export function planTenantChange(declared: TenantSpec, current: CurrentTenant | undefined, equal: (a: unknown, b: unknown) => boolean): TenantChange {
  const lifecycle = declared.lifecycle ?? current?.spec.lifecycle ?? 'Draft';
  const { placement: declaredPlacement, ...rest } = declared;
  const placement = { ...current?.spec.placement, ...declaredPlacement };
  const spec = { ...rest, lifecycle, ...(Object.keys(placement).length === 0 ? {} : { placement }) };
  const flaws = isolationFlaws(spec);
  if (flaws.length > 0) throw new TenureError('isolation_not_available', flaws.map((flaw) => flaw.message).join('; '), { errors: flaws });
  const from = current?.lifecycle ?? 'Draft';
  if (current?.placement != null) refusePlacementChange(spec, current, current.placement);
  if (from !== 'Draft' && current !== undefined) refuseFrozenFields(spec, current.spec, equal);
  if (lifecycle === from) return { spec };
  const transition = transitionBetween(from, lifecycle);
  if (transition === undefined) {
    const allowed = reachableFrom(from);
    throw new TenureError('transition_not_allowed', `a tenant that is ${from} cannot become ${lifecycle}`, {
      errors: [{ pointer: '/spec/lifecycle', message: `${from} to ${lifecycle} is no transition`, allowed: [from, ...allowed] }],
    });
  }
  return { spec, path: transition.path };
}

function refusePlacementChange(spec: TenantSpec, current: CurrentTenant, placement: PlacementStatus): void {
  const errors: ProblemDetail[] = [];
  if (isolationModeOf(spec) !== placement.mode) {
    errors.push({ pointer: '/spec/placement/mode', message: `the tenant is placed in mode "${placement.mode}"`, allowed: [placement.mode] });
  }
  if (spec.placement?.preferredRegion !== current.spec.placement?.preferredRegion) {
    errors.push({ pointer: '/spec/placement/preferredRegion', message: `the tenant is placed in "${placement.region}"`, allowed: [current.spec.placement?.preferredRegion ?? placement.region] });
  }
  if (errors.length > 0) throw new TenureError('placement_immutable', errors.map((error) => error.message).join('; '), { errors });
}

/** Fields whose effect lies in the cell or in what the tenant pays for. */
const frozenOutsideDraft = ['plan', 'residency', 'services'] as const;

function refuseFrozenFields(spec: TenantSpec, current: TenantSpec, equal: (a: unknown, b: unknown) => boolean): void {
  const errors = frozenOutsideDraft
    .filter((field) => !equal(spec[field], current[field]))
    .map((field): ProblemDetail => ({ pointer: `/spec/${field}`, message: `spec.${field} can be changed only while the tenant is a Draft` }));
  if (errors.length > 0) throw new TenureError('change_not_available', errors.map((error) => error.message).join('; '), { errors });
}
