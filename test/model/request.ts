import { declarableLifecycles } from '../../contracts/lifecycle.ts';
import type { DeclarableLifecycle, OperationKind } from '../../contracts/lifecycle.ts';

/** The tenants of one run, each in a different isolation mode. */
export const modelTenants = { a: 'dedicated', b: 'hybrid', c: 'schema' } as const;
export type TenantKey = keyof typeof modelTenants;

/**
 * The revision that a request expects. `stale`: one that was read earlier, perhaps of an earlier tenant with this name.
 */
export type On = 'any' | 'current' | 'stale';

/** The part of a tenant's declaration that the model varies. */
export interface ManifestFields {
  readonly lifecycle?: DeclarableLifecycle;
  readonly plan: string;
  readonly title?: string;
  readonly flawed?: boolean;
}

interface About {
  readonly tenant: TenantKey;
}

export const verbPaths = [
  'activate',
  'suspend',
  'resume',
  'archive',
  'reactivate',
  'delete',
  'undelete',
  'reconcile',
] as const satisfies readonly OperationKind[];
export type VerbPath = (typeof verbPaths)[number];

/** One request to the API, as data. */
export type ModelRequest = About &
  (
    | ({ readonly do: 'create' } & ManifestFields)
    | ({ readonly do: 'put'; readonly on: On | 'absent'; readonly force?: boolean } & ManifestFields)
    | { readonly do: 'verb'; readonly path: VerbPath; readonly on: On; readonly preempt?: boolean }
    | { readonly do: 'purge'; readonly early: boolean; readonly on: On; readonly preempt?: boolean }
    | { readonly do: 'change-plan'; readonly plan: string; readonly on: On; readonly preempt?: boolean }
    | { readonly do: 'schedule'; readonly plan: string }
    | { readonly do: 'unschedule' }
    | { readonly do: 'hold'; readonly reason: string }
    | { readonly do: 'release' }
    | { readonly do: 'cancel'; readonly which: 'running' | 'pending' }
    | { readonly do: 'read' }
  );

export type RequestOf<Do extends ModelRequest['do']> = Extract<ModelRequest, { readonly do: Do }>;

/** One request of every kind, with each of the values that matter. */
export function everythingOf(tenant: TenantKey): ModelRequest[] {
  const on = 'any';
  return [
    { do: 'create', tenant, plan: 'basic' },
    ...verbPaths.map((path): ModelRequest => ({ do: 'verb', tenant, path, on })),
    ...[true, false].map((early): ModelRequest => ({ do: 'purge', tenant, early, on })),
    ...['basic', 'plus', 'missing'].flatMap((plan): ModelRequest[] => [
      { do: 'change-plan', tenant, plan, on },
      { do: 'schedule', tenant, plan },
    ]),
    ...declarableLifecycles.flatMap((lifecycle) =>
      ['basic', 'plus'].map((plan): ModelRequest => ({ do: 'put', tenant, lifecycle, plan, on })),
    ),
    { do: 'unschedule', tenant },
  ];
}

/** A request as one line of text for people. */
export function describeRequest(request: ModelRequest): string {
  const { do: what, tenant, ...rest } = request;
  const details = Object.entries(rest).map(([name, value]) => (value === true ? name : `${name}=${String(value)}`));
  return [what, tenant, ...details].join(' ');
}
