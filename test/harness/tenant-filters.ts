import * as fc from 'fast-check';
import { lifecycleStates } from '../../contracts/lifecycle.ts';
import type { LifecycleState } from '../../contracts/lifecycle.ts';
import { conditionStatuses } from '../../contracts/manifests/tenant.ts';
import type { Condition } from '../../contracts/manifests/tenant.ts';
import { conditionTypes } from '../../domain/conditions.ts';
import type { ConditionType } from '../../domain/conditions.ts';
import type { LabelRequirement } from '../../domain/label-selector.ts';
import type { TenantFilterText } from '../../domain/tenant-filter.ts';

// Only a few of each, so that a filter often matches.
export const labelKeys = fc.constantFrom('env', 'tier', 'in', 'notin', 'app.kubernetes.io/name', 'constructor');
export const labelValues = fc.constantFrom(
  'prod',
  'dev',
  'in',
  '',
  'a b',
  'a,b',
  '(x)',
  '"',
  '\\',
  '$where',
  'env=prod',
  '!',
  'é',
  'line\nfeed',
);
const values = fc.uniqueArray(labelValues, { minLength: 1, maxLength: 4 });

export const labelRequirements: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record(
    { key: labelKeys, operator: fc.constantFrom('in' as const, 'notIn' as const), values },
    { noNullPrototype: true },
  ),
  fc.record(
    { key: labelKeys, operator: fc.constantFrom('exists' as const, 'absent' as const) },
    { noNullPrototype: true },
  ),
);

const written = (value: string): string =>
  /^[\w./-]+$/.test(value) ? value : value === '' ? '' : JSON.stringify(value);

/** A requirement as text; `style` chooses among the ways to write it. */
export function writeRequirement(requirement: LabelRequirement, style: number): string {
  const { key, operator } = requirement;
  const space = style % 3 === 0 ? ' ' : '';
  if (!('values' in requirement)) return operator === 'exists' ? `${space}${key}` : `!${space}${key}`;
  const [first = ''] = requirement.values;
  if (requirement.values.length === 1 && style % 2 === 0)
    return operator === 'in'
      ? `${key}${space}${style % 4 === 0 ? '=' : '=='}${space}${written(first)}`
      : `${key}${space}!=${space}${written(first)}`;
  return `${key} ${operator === 'in' ? 'in' : 'notin'} (${requirement.values.map(written).join(`${space},${space}`)})`;
}

/** The parts of a filter. */
export interface Asked {
  readonly labels: readonly LabelRequirement[];
  readonly lifecycles: readonly LifecycleState[];
  readonly conditions: readonly {
    readonly type: ConditionType;
    readonly status: Condition['status'];
    readonly negated: boolean;
  }[];
  readonly plan: string | undefined;
  readonly region: string | undefined;
  readonly namePrefix: string | undefined;
  readonly showDeleted: boolean;
}

export const plans = ['startup', 'enterprise', 'startups'] as const;
export const regions = ['eu-west-1', 'us-east-1'] as const;

const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

export const askings: fc.Arbitrary<Asked> = fc.record({
  labels: fc.array(labelRequirements, { maxLength: 3 }),
  lifecycles: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(fc.constantFrom(...lifecycleStates), { minLength: 1, maxLength: 3 }) },
  ),
  conditions: fc.array(
    fc.record({
      type: fc.constantFrom(...conditionTypes.slice(0, 2)),
      status: fc.constantFrom(...conditionStatuses),
      negated: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
  plan: sometimes(fc.constantFrom(...plans, 'nobodys')),
  region: sometimes(fc.constantFrom(...regions, 'nowhere')),
  namePrefix: sometimes(fc.constantFrom('t', 't1', 't10', 'u', '')),
  showDeleted: fc.boolean(),
});

/** The filter as the text of a request. */
export function filterText({
  labels,
  lifecycles,
  conditions,
  plan,
  region,
  namePrefix,
  showDeleted,
}: Asked): TenantFilterText {
  return {
    ...(labels.length === 0 ? {} : { labelSelector: labels.map(writeRequirement).join(',') }),
    ...(lifecycles.length === 0 ? {} : { lifecycle: lifecycles.join(',') }),
    ...(conditions.length === 0
      ? {}
      : {
          condition: conditions
            .map(({ type, status, negated }) => `${type}${negated ? '!=' : '='}${status}`)
            .join(', '),
        }),
    ...(plan === undefined ? {} : { plan }),
    ...(region === undefined ? {} : { region }),
    ...(namePrefix === undefined ? {} : { namePrefix }),
    ...(showDeleted ? { showDeleted: 'true' } : {}),
  };
}

export interface FilteredTenant {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: { readonly plan: string };
  readonly lifecycle: LifecycleState;
  readonly placement: { readonly region: string } | null;
  readonly conditions: readonly Pick<Condition, 'type' | 'status'>[];
}

/** What a filter means: a second, independent implementation, without facets. */
export function fits(
  tenant: FilteredTenant,
  { labels, lifecycles, conditions, plan, region, namePrefix, showDeleted }: Asked,
): boolean {
  const label = (key: string): string | undefined =>
    Object.hasOwn(tenant.labels, key) ? tenant.labels[key] : undefined;
  return (
    (lifecycles.length > 0 ? lifecycles.includes(tenant.lifecycle) : showDeleted || tenant.lifecycle !== 'Deleted') &&
    (plan === undefined || tenant.spec.plan === plan) &&
    (region === undefined || tenant.placement?.region === region) &&
    (namePrefix === undefined || tenant.name.startsWith(namePrefix)) &&
    conditions.every(
      ({ type, status, negated }) =>
        ((tenant.conditions.find((condition) => condition.type === type)?.status ?? 'Unknown') === status) !== negated,
    ) &&
    labels.every((requirement) => {
      const value = label(requirement.key);
      if (!('values' in requirement)) return (value !== undefined) === (requirement.operator === 'exists');
      return (value !== undefined && requirement.values.includes(value)) === (requirement.operator === 'in');
    })
  );
}
