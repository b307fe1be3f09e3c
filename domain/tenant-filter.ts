import { lifecycleStates } from '../contracts/lifecycle.ts';
import type { LifecycleState } from '../contracts/lifecycle.ts';
import { conditionStatuses } from '../contracts/manifests/tenant.ts';
import { conditionTypes } from './conditions.ts';
import { parseLabelSelector } from './label-selector.ts';
import { conditionIs, labelsAre, planIs, regionIs, templateIs } from './tenant-facets.ts';
import type { FacetRequirement } from './tenant-facets.ts';
import { TenureError } from './tenure-error.ts';

/** The filters of a list of tenants, as text; all of them must match. */
export interface TenantFilterText {
  readonly labelSelector?: string | undefined;
  /** States, separated by commas. */
  readonly lifecycle?: string | undefined;
  readonly plan?: string | undefined;
  readonly template?: string | undefined;
  readonly region?: string | undefined;
  readonly namePrefix?: string | undefined;
  /** `TYPE=STATUS` or `TYPE!=STATUS`, separated by commas. */
  readonly condition?: string | undefined;
  readonly showDeleted?: 'true' | 'false' | undefined;
}

/** The parsed filter, a query to the registry. Equal queries are equal values. */
export interface TenantFilter {
  readonly lifecycles: readonly LifecycleState[];
  readonly namePrefix: string;
  readonly requirements: readonly FacetRequirement[];
}

function refused(parameter: keyof TenantFilterText, message: string, allowed: readonly string[]): TenureError {
  return new TenureError('request_invalid', `${parameter}: ${message}`, {
    errors: [{ pointer: `/${parameter}`, message, fix: `Use ${allowed.join(', ')}.`, allowed: [...allowed] }],
  });
}

function oneOf<Word extends string>(
  parameter: keyof TenantFilterText,
  what: string,
  word: string,
  words: readonly Word[],
): Word {
  const found = words.find((candidate) => candidate === word);
  if (found === undefined) throw refused(parameter, `"${word}" is not a ${what}`, words);
  return found;
}

function partsOf(text: string | undefined): string[] {
  return text === undefined || text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
}

function readLifecycles(text: string | undefined, showDeleted: boolean): LifecycleState[] {
  const requested = partsOf(text).map((word) => oneOf('lifecycle', 'lifecycle state', word, lifecycleStates));
  if (requested.length > 0) return lifecycleStates.filter((state) => requested.includes(state));
  return lifecycleStates.filter((state) => showDeleted || state !== 'Deleted');
}

function readCondition(text: string): FacetRequirement {
  const [, type = '', operator, status = ''] = /^([^=!]*?)\s*(!?=)\s*(.*)$/.exec(text) ?? [];
  if (operator === undefined)
    throw refused('condition', `"${text}" is not a condition`, ['TYPE=STATUS', 'TYPE!=STATUS']);
  return conditionIs(
    oneOf('condition', 'condition type', type, conditionTypes),
    oneOf('condition', 'condition status', status, conditionStatuses),
    operator === '!=',
  );
}

/**
 * Parses the filter of a list of tenants. Deleted tenants are left out unless the filter names that state or sets
 * `showDeleted`.
 * @throws TenureError request_invalid, with the parameter and its allowed values
 */
export function parseTenantFilter({
  labelSelector,
  lifecycle,
  plan,
  template,
  region,
  namePrefix = '',
  condition,
  showDeleted,
}: TenantFilterText): TenantFilter {
  return {
    lifecycles: readLifecycles(lifecycle, showDeleted === 'true'),
    namePrefix,
    requirements: [
      ...(plan === undefined ? [] : [planIs(plan)]),
      ...(template === undefined ? [] : [templateIs(template)]),
      ...(region === undefined ? [] : [regionIs(region)]),
      ...partsOf(condition).map(readCondition),
      ...(labelSelector === undefined ? [] : parseLabelSelector(labelSelector).map(labelsAre)),
    ],
  };
}

/** Whether a search by the filter finds a tenant with these facets. */
export function fitsFilter(
  { lifecycles, namePrefix, requirements }: TenantFilter,
  tenant: { readonly name: string; readonly lifecycle: LifecycleState },
  facets: ReadonlySet<string>,
): boolean {
  if (!lifecycles.includes(tenant.lifecycle) || !tenant.name.startsWith(namePrefix)) return false;
  return requirements.every(
    ({ must, facets: wanted }) => wanted.some((facet) => facets.has(facet)) === (must === 'haveOneOf'),
  );
}
