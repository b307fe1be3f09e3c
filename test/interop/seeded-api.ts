import { takeAll, activeTenant } from '../harness/lifecycle.ts';
import type { Installation, Who } from '../harness/installation.ts';
import { declareBasics, tenantManifest } from '../harness/manifests.ts';

/** A caller of each role. */
export const callers = {
  admin: { subject: 'root@example.com', roles: ['admin'] },
  auditor: { subject: 'ada@example.com', roles: ['auditor'] },
  operator: { subject: 'olga@example.com', roles: ['operator'] },
  viewer: { subject: 'vera@example.com', roles: ['viewer'] },
  'tenant-admin': { subject: 'tom@example.com', roles: ['tenant-admin'] },
  service: { subject: 'shop-service', roles: ['service'] },
} as const satisfies Record<string, Who>;

/** The names of existing resources, by the tag of the routes and the parameter of their path. */
export type Names = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Seeded {
  readonly names: Names;
  /** Uid of the only tenant that the tenant-admin may access. */
  readonly own: string;
}

/** Creates resources of every kind, so that requests get further than "not found". Some have names of the examples. */
export async function seed(installation: Installation): Promise<Seeded> {
  const api = installation.client();
  await declareBasics(api);
  await api.call('putTemplate', {
    params: { name: 'shop' },
    ifNoneMatch: '*',
    body: {
      apiVersion: 'tenure/v1',
      kind: 'TenantTemplate',
      metadata: { name: 'shop' },
      spec: { config: { theme: 'light' }, services: tenantManifest('any').spec.services },
    },
  });
  const { spec } = tenantManifest('any');
  const {
    metadata: { uid: own },
  } = await activeTenant(api, 'acme');
  await activeTenant(api, 'globex', { plan: spec.plan, template: { name: 'shop' } });
  await activeTenant(api, 'initech');
  await takeAll(api, 'initech', ['suspendTenant']);
  await api.call('createTenant', { body: tenantManifest('umbrella') });
  const { body: rollout } = await api.call('startRollout', { params: { name: 'shop' }, body: {} });
  const { body: operations } = await api.call('listOperations');
  const { body: events } = await api.call('listEvents');
  const { body: entries } = await api.call('listAuditEntries');
  const names = {
    tenants: { name: ['acme', 'globex', 'initech', 'umbrella'] },
    plans: { name: ['startup'] },
    regions: { name: ['eu-west-1', 'us-east-1'] },
    templates: { name: ['shop'] },
    rollouts: { id: [rollout.id] },
    operations: { id: operations.items.map(({ id }) => id) },
    events: { id: events.items.slice(0, 3).map(({ id }) => id) },
    audit: { id: entries.items.slice(0, 3).map(({ entry }) => entry.id) },
  };
  return { names, own };
}
