import type { ApiCall } from '../../client/api-client.ts';
import { isolationModes } from '../../contracts/lifecycle.ts';
import type { IsolationMode, LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { RouteId } from '../../contracts/routes.ts';
import { plans, otherPlan, servicesFor } from '../faults/declarations.ts';
import { verbOf } from '../harness/lifecycle.ts';
import { tenantManifest } from '../harness/manifests.ts';
import type { TenantInput } from '../harness/manifests.ts';
import type { Wish } from './asking.ts';
import type { Chance } from './chance.ts';

/** The template of some of the tenants. It contains only configuration. */
export const templateName = 'common';

/** A tenant of the load by its number: modes alternate, and every second tenant uses the template. */
export function declaredTenant(number: number): {
  readonly name: string;
  readonly mode: IsolationMode;
  readonly manifest: TenantInput;
} {
  const name = `chaos-${number}`;
  const mode = isolationModes[number % isolationModes.length] ?? 'dedicated';
  const isOfTemplate = number % 2 === 0;
  return {
    name,
    mode,
    manifest: tenantManifest(name, {
      services: servicesFor(mode),
      placement: { mode },
      ...(isOfTemplate ? { template: { name: templateName } } : {}),
    }),
  };
}

/** A request to one route. The signal and the key are added when it is sent. */
export function wishFor<Id extends RouteId>(
  route: Id,
  call: ApiCall<Id>,
  { isKeyed = true, ...about }: Omit<Wish, 'send' | 'isKeyed'> & { readonly isKeyed?: boolean },
): Wish {
  return {
    ...about,
    isKeyed,
    send: async (api, { idempotencyKey, signal }) => {
      const { status, body } = await api.call(route, { ...call, signal, ...(isKeyed ? { idempotencyKey } : {}) });
      return { status, body };
    },
  };
}

type Verb = keyof typeof verbOf;

/** A request for a lifecycle path. */
export function verb(path: Verb, tenant: string, preempt = false): Wish {
  const call = { params: { name: tenant }, ifMatch: '*', ...(preempt ? { query: { preempt: 'true' as const } } : {}) };
  return wishFor(verbOf[path], call, { what: preempt ? `${path}, preempting` : path, tenant, begins: path });
}

/** Applies a changed manifest, only to the revision that was read. */
function edited(
  tenant: Tenant,
  what: string,
  change: Partial<Pick<TenantInput, 'metadata' | 'spec'>>,
  begins?: OperationKind,
): Wish {
  const { apiVersion, kind, metadata, spec } = tenant;
  const body = {
    apiVersion,
    kind,
    metadata: { name: metadata.name, labels: metadata.labels },
    spec,
    ...change,
  } as TenantInput;
  return wishFor(
    'putTenant',
    { params: { name: metadata.name }, ifMatch: `"${metadata.revision}"`, body },
    { what, tenant: metadata.name, ...(begins === undefined ? {} : { begins }) },
  );
}

const mostCollections = 6;

function withCollection(tenant: Tenant, chance: Chance): Wish {
  const [first, ...others] = tenant.spec.services;
  const count = tenant.spec.services.flatMap(({ collections }) => collections).length;
  if (first === undefined || count >= mostCollections) return verb('reconcile', tenant.metadata.name);
  const added = {
    name: `added${chance.whole(1_000_000)}`,
    indexes: [{ keys: [{ field: 'number', order: 1 as const }] }],
  };
  return edited(
    tenant,
    'add a collection',
    { spec: { ...tenant.spec, services: [{ ...first, collections: [...first.collections, added] }, ...others] } },
    'reconcile',
  );
}

function changePlan(tenant: Tenant): Wish {
  const { name } = tenant.metadata;
  return wishFor(
    'changePlanOfTenant',
    { params: { name }, ifMatch: '*', body: { plan: otherPlan(tenant.spec.plan) } },
    { what: 'change plan', tenant: name, begins: 'change_plan' },
  );
}

export function purge(name: string): Wish {
  return wishFor(
    'purgeTenant',
    { params: { name }, ifMatch: '*', body: { early: true } },
    { what: 'purge', tenant: name, begins: 'purge' },
  );
}

function held(tenant: Tenant, chance: Chance): Wish {
  const { name } = tenant.metadata;
  return tenant.spec.hold === undefined
    ? wishFor(
        'holdTenant',
        { params: { name }, ifMatch: '*', body: { reason: `case ${chance.whole(1_000_000)}` } },
        { what: 'hold', tenant: name },
      )
    : wishFor('releaseHoldOfTenant', { params: { name }, ifMatch: '*' }, { what: 'release hold', tenant: name });
}

const labelled = (tenant: Tenant, chance: Chance): Wish =>
  edited(tenant, 'label', {
    metadata: {
      name: tenant.metadata.name,
      labels: { ...tenant.metadata.labels, note: `n${chance.whole(1_000_000)}` },
    },
  });

type Weighted = readonly (readonly [weight: number, make: (tenant: Tenant, chance: Chance) => Wish])[];

const go =
  (path: Verb) =>
  (tenant: Tenant): Wish =>
    verb(path, tenant.metadata.name);

/** The requests for an idle tenant in each state: mostly those that are possible there. */
const byState: Readonly<Record<LifecycleState, Weighted>> = {
  Draft: [
    [8, go('activate')],
    [1, labelled],
    [1, go('delete')],
  ],
  Active: [
    [5, go('suspend')],
    [3, changePlan],
    [3, withCollection],
    [2, go('reconcile')],
    [1, held],
    [1, labelled],
  ],
  Suspended: [
    [6, go('resume')],
    [3, go('archive')],
    [1, changePlan],
    [1, withCollection],
    [1, held],
  ],
  Archived: [
    [5, go('reactivate')],
    [2, go('delete')],
    [1, labelled],
    [1, go('reconcile')],
  ],
  Deleted: [
    [3, go('undelete')],
    [2, (tenant) => purge(tenant.metadata.name)],
    [1, held],
  ],
};

/** The requests for a tenant that an operation runs on: most of them preempt or cancel it. */
const whileBusy: Weighted = [
  [3, (tenant) => verb('suspend', tenant.metadata.name, true)],
  [2, (tenant) => verb('reconcile', tenant.metadata.name, true)],
  [
    3,
    (tenant) =>
      wishFor(
        'cancelOperation',
        { params: { id: tenant.status.operation?.id ?? '' } },
        { what: 'cancel', tenant: tenant.metadata.name, isKeyed: false },
      ),
  ],
  [2, held],
  [2, go('suspend')],
];

const anywhere: readonly Verb[] = [
  'activate',
  'suspend',
  'resume',
  'archive',
  'reactivate',
  'delete',
  'undelete',
  'reconcile',
];
const anywhereShare = 0.08;

export function create(number: number, chance: Chance): Wish {
  const { name, manifest } = declaredTenant(number);
  const isAtOnce = chance.happens(0.5);
  const body = isAtOnce ? { ...manifest, spec: { ...manifest.spec, lifecycle: 'Active' as const } } : manifest;
  return wishFor(
    'createTenant',
    { body },
    { what: 'create', tenant: name, ...(isAtOnce ? { begins: 'activate' as const } : {}) },
  );
}

/** A random request for a tenant in the state that was read. */
export function wishOf(tenant: Tenant, chance: Chance): Wish {
  if (chance.happens(anywhereShare)) return verb(chance.one(anywhere), tenant.metadata.name, chance.happens(0.3));
  const choices = tenant.status.operation === undefined ? byState[tenant.status.lifecycle] : whileBusy;
  return chance.weighted(choices)(tenant, chance);
}

/** The plans of the load's tenants. Every test declares the first one. */
export const loadPlans = plans;
