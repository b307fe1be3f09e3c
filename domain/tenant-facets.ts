import { conditionStatuses } from '../contracts/manifests/tenant.ts';
import type { Condition, PlacementStatus, TenantSpec } from '../contracts/manifests/tenant.ts';
import { conditionTypes } from './conditions.ts';
import type { ConditionType } from './conditions.ts';
import type { LabelRequirement } from './label-selector.ts';
import { usesOf } from './resource-use.ts';
import type { ResourceUse, UseSource } from './resource-use.ts';

/** The fields of a tenant that its facets are derived from. */
export interface FacetSource extends UseSource {
  readonly spec: Pick<TenantSpec, 'plan' | 'template' | 'placement' | 'residency'>;
  readonly labels: Readonly<Record<string, string>>;
  readonly placement: PlacementStatus | null;
  readonly conditions: readonly Pick<Condition, 'type' | 'status'>[];
}

/** Identifies the rules that derive facets; tenants stored under other rules are derived again. */
export const facetScheme = `3 ${conditionTypes.join(' ')}`;

/** Every tenant has it: the index key of a search that has no better facet. */
export const everyTenant = 'tenant';

// No label key contains "=", so a key and a pair are never the same facet.
const facet = {
  plan: (name: string) => `plan:${name}`,
  region: (name: string) => `region:${name}`,
  template: (name: string) => `template:${name}`,
  label: (key: string) => `label:${key}`,
  labelValue: (key: string, value: string) => `label:${key}=${value}`,
  condition: (type: ConditionType, status: Condition['status']) => `condition:${type}=${status}`,
  use: (kind: ResourceUse['kind'], name: string) => `use:${kind}/${name}`,
} as const;

const facetOfKind = { Plan: facet.plan, Region: facet.region, TenantTemplate: facet.template } as const;

/** A tenant that uses the resource has one of these facets. */
export function facetsOfUse({ kind, name }: ResourceUse): string[] {
  return [facetOfKind[kind](name), facet.use(kind, name)];
}

/**
 * The facts that a tenant can be found by, each as one string. A missing condition is Unknown, as in Kubernetes' API
 * conventions, so that each type has exactly one facet and "not True" is a set of facets like any other.
 */
export function facetsOf(source: FacetSource): string[] {
  const { spec, labels, placement, conditions } = source;
  const statuses = new Map(conditions.map(({ type, status }) => [type, status]));
  const ownFacets = [
    facet.plan(spec.plan),
    ...(spec.template === undefined ? [] : [facet.template(spec.template.name)]),
    ...(placement === null ? [] : [facet.region(placement.region)]),
  ];
  return [
    everyTenant,
    ...ownFacets,
    ...usesOf(source).flatMap(({ kind, name }) =>
      ownFacets.includes(facetOfKind[kind](name)) ? [] : [facet.use(kind, name)],
    ),
    ...Object.entries(labels).flatMap(([key, value]) => [facet.label(key), facet.labelValue(key, value)]),
    ...conditionTypes.map((type) => facet.condition(type, statuses.get(type) ?? 'Unknown')),
  ];
}

/** A tenant must have at least one facet of the set, or none of them. */
export interface FacetRequirement {
  readonly must: 'haveOneOf' | 'haveNoneOf';
  readonly facets: readonly string[];
}

const haveOneOf = (...facets: readonly string[]): FacetRequirement => ({ must: 'haveOneOf', facets });
const haveNoneOf = (...facets: readonly string[]): FacetRequirement => ({ must: 'haveNoneOf', facets });

export const planIs = (name: string): FacetRequirement => haveOneOf(facet.plan(name));
export const templateIs = (name: string): FacetRequirement => haveOneOf(facet.template(name));
export const regionIs = (name: string): FacetRequirement => haveOneOf(facet.region(name));

export function conditionIs(type: ConditionType, status: Condition['status'], negated: boolean): FacetRequirement {
  return haveOneOf(
    ...conditionStatuses
      .filter((candidate) => (candidate === status) !== negated)
      .map((candidate) => facet.condition(type, candidate)),
  );
}

export function labelsAre(requirement: LabelRequirement): FacetRequirement {
  const { key, operator } = requirement;
  switch (operator) {
    case 'in':
      return haveOneOf(...requirement.values.map((value) => facet.labelValue(key, value)));
    case 'notIn':
      return haveNoneOf(...requirement.values.map((value) => facet.labelValue(key, value)));
    case 'exists':
      return haveOneOf(facet.label(key));
    case 'absent':
      return haveNoneOf(facet.label(key));
  }
}
