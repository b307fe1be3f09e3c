import { conditionStatuses } from '../contracts/manifests/tenant.ts';
import type { Condition, PlacementStatus, TenantSpec } from '../contracts/manifests/tenant.ts';
import { conditionTypes } from './conditions.ts';
import type { ConditionType } from './conditions.ts';
import type { LabelRequirement } from './label-selector.ts';

/** What of a tenant its facets are derived from. */
export interface FacetSource {
  readonly spec: Pick<TenantSpec, 'plan' | 'template'>;
  readonly labels: Readonly<Record<string, string>>;
  readonly placement: PlacementStatus | null;
  readonly conditions: readonly Pick<Condition, 'type' | 'status'>[];
}

/** Names the rules by which facets are derived; tenants that were stored under others are derived anew. */
export const facetScheme = `2 ${conditionTypes.join(' ')}`;

/** Every tenant has it: a search without a better facet is led by it. */
export const everyTenant = 'tenant';

// No label key holds "=", so a key and a pair are never the same facet.
const facet = {
  plan: (name: string) => `plan:${name}`,
  region: (name: string) => `region:${name}`,
  template: (name: string) => `template:${name}`,
  label: (key: string) => `label:${key}`,
  labelValue: (key: string, value: string) => `label:${key}=${value}`,
  condition: (type: ConditionType, status: Condition['status']) => `condition:${type}=${status}`,
} as const;

/**
 * The facts that a tenant can be found by, each as one string. A condition that is not there is Unknown, as Kubernetes' API conventions
 * have it, so that each type has exactly one facet and "not True" is a set of facets like any other.
 */
export function facetsOf({ spec, labels, placement, conditions }: FacetSource): string[] {
  const statuses = new Map(conditions.map(({ type, status }) => [type, status]));
  return [
    everyTenant,
    facet.plan(spec.plan),
    ...(spec.template === undefined ? [] : [facet.template(spec.template.name)]),
    ...(placement === null ? [] : [facet.region(placement.region)]),
    ...Object.entries(labels).flatMap(([key, value]) => [facet.label(key), facet.labelValue(key, value)]),
    ...conditionTypes.map((type) => facet.condition(type, statuses.get(type) ?? 'Unknown')),
  ];
}

/** At least one facet of the set, or none of it. */
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
  return haveOneOf(...conditionStatuses.filter((candidate) => (candidate === status) !== negated).map((candidate) => facet.condition(type, candidate)));
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
