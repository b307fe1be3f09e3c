import type { TenantSpec } from '../contracts/manifests/tenant.ts';

/** Kinds that tenants depend on: they are declared, and no operation runs for them. */
export type UsedKind = 'Plan' | 'Region' | 'TenantTemplate';

/** One resource that is used by another. */
export interface ResourceUse {
  readonly kind: UsedKind;
  readonly name: string;
  /** Only for a template. */
  readonly version?: number;
}

/** The fields of a tenant that determine what it uses. */
export interface UseSource {
  readonly spec: Pick<TenantSpec, 'plan' | 'template' | 'placement' | 'residency'>;
  readonly placement: { readonly region: string } | null;
  /** The plan that its home was built for. */
  readonly plan?: { readonly name: string } | null;
  readonly scheduledPlan?: { readonly name: string } | null;
}

/** Every resource that a tenant needs; each once. */
export function usesOf({ spec, placement, plan, scheduledPlan }: UseSource): ResourceUse[] {
  const unique = (names: readonly (string | undefined)[]): string[] => [
    ...new Set(names.filter((name) => name !== undefined)),
  ];
  const usesOfKind = (kind: UsedKind, names: readonly (string | undefined)[]): ResourceUse[] =>
    unique(names).map((name) => ({ kind, name }));
  return [
    ...usesOfKind('Plan', [spec.plan, plan?.name, scheduledPlan?.name]),
    ...usesOfKind('Region', [
      placement?.region,
      spec.placement?.preferredRegion,
      ...(spec.residency?.allowedRegions ?? []),
    ]),
    ...(spec.template === undefined
      ? []
      : [{ kind: 'TenantTemplate' as const, name: spec.template.name, version: spec.template.version }]),
  ];
}
