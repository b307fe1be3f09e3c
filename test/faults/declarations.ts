import type { IsolationMode } from '../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { tenantSpecSchema } from '../../contracts/manifests/tenant.ts';
import { tenantManifest } from '../harness/manifests.ts';
import type { TenantInput } from '../harness/manifests.ts';
import type { KnownTenant } from './standing.ts';

type Services = TenantSpec['services'];

/** Two plans that differ in name only: a tenant can always change to the other. */
export const plans = ['startup', 'business'] as const;

export function otherPlan(plan: string): string {
  return plan === plans[0] ? plans[1] : plans[0];
}

/** Two collections; in mode hybrid each keeps its data apart in another way. */
export function servicesFor(mode: IsolationMode): Services {
  const [shop] = tenantManifest('any').spec.services;
  if (shop === undefined) throw new Error('the manifest of the tests declares a service');
  const [orders, events] = shop.collections;
  if (orders === undefined || events === undefined)
    throw new Error('the service of the tests declares two collections');
  const services =
    mode === 'hybrid'
      ? [
          { name: 'shop', collections: [orders] },
          { name: 'feed', strategy: 'schema' as const, collections: [events] },
        ]
      : [shop];
  return tenantSpecSchema.shape.services.parse(services);
}

/** What mongod refuses: an activation that declares it is undone. */
export const refusedServices: Services = [
  { name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } }, indexes: [] }] },
];

/** The same with one more collection, and with an index over its fields in the other order: something for a reconcile to do, and to undo. */
export function changedServices(services: Services, added: string): Services {
  const [first, ...others] = services.map((service) => ({
    ...service,
    collections: service.collections.map((collection) =>
      collection.name === 'events'
        ? { ...collection, indexes: collection.indexes.map((index) => ({ ...index, keys: index.keys.toReversed() })) }
        : collection,
    ),
  }));
  if (first === undefined) throw new Error('a tenant declares a service');
  return [
    {
      ...first,
      collections: [
        ...first.collections,
        { name: added, indexes: [{ keys: [{ field: 'number', order: 1 as const }] }] },
      ],
    },
    ...others,
  ];
}

/** The manifest of a tenant, with another's services where given. */
export function manifestOf({
  name,
  plan,
  region,
  mode,
  services,
}: Pick<KnownTenant, 'name' | 'plan' | 'region' | 'mode' | 'services'>): TenantInput {
  // Not only preferred: where its cell has just been killed, another would be as good.
  return tenantManifest(name, {
    plan,
    services,
    residency: { allowedRegions: [region] },
    placement: { mode, preferredRegion: region },
  });
}
