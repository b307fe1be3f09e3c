import type { IsolationMode } from '../../contracts/lifecycle.ts';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { tenantSpecSchema } from '../../contracts/manifests/tenant.ts';
import { tenantManifest } from '../harness/manifests.ts';
import type { TenantInput } from '../harness/manifests.ts';
import type { KnownTenant } from './standing.ts';

type Services = TenantSpec['services'];

/** Two plans that differ only in name, so that a tenant can always change to the other. */
export const plans = ['startup', 'business'] as const;

export function otherPlan(plan: string): string {
  return plan === plans[0] ? plans[1] : plans[0];
}

/** Two collections. In mode hybrid, each isolates its data in a different way. */
export function servicesFor(mode: IsolationMode): Services {
  const [shop] = tenantManifest('any').spec.services;
  if (shop === undefined) throw new Error('the test manifest must declare a service');
  const [orders, events] = shop.collections;
  if (orders === undefined || events === undefined) throw new Error('the test service must declare two collections');
  const services =
    mode === 'hybrid'
      ? [
          { name: 'shop', collections: [orders] },
          { name: 'feed', strategy: 'schema' as const, collections: [events] },
        ]
      : [shop];
  return tenantSpecSchema.shape.services.parse(services);
}

/** Services that mongod refuses: an activation that declares them is undone. */
export const refusedServices: Services = [
  { name: 'shop', collections: [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } }, indexes: [] }] },
];

/**
 * The same services with one more collection, and with the fields of an index in the opposite order, so that a
 * reconcile has something to do and to undo.
 */
export function changedServices(services: Services, added: string): Services {
  const [first, ...others] = services.map((service) => ({
    ...service,
    collections: service.collections.map((collection) =>
      collection.name === 'events'
        ? { ...collection, indexes: collection.indexes.map((index) => ({ ...index, keys: index.keys.toReversed() })) }
        : collection,
    ),
  }));
  if (first === undefined) throw new Error('a tenant must declare a service');
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

/** The manifest of a tenant with these values. */
export function manifestOf({
  name,
  plan,
  region,
  mode,
  services,
}: Pick<KnownTenant, 'name' | 'plan' | 'region' | 'mode' | 'services'>): TenantInput {
  // Not only preferred: if the cell of this region has just been killed, another region would be chosen.
  return tenantManifest(name, {
    plan,
    services,
    residency: { allowedRegions: [region] },
    placement: { mode, preferredRegion: region },
  });
}
