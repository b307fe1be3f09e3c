import type { ApiClient } from '../../client/api-client.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { RouteBodyInput } from '../../contracts/routes.ts';

type PutTenant = RouteBodyInput<'putTenant'>;
/** A manifest that declares its services, as every manifest without a template does. */
export type TenantInput = PutTenant & { spec: { services: NonNullable<PutTenant['spec']['services']> } };

/** A tenant manifest with one service of two collections; `spec` replaces single fields. */
export function tenantManifest(name: string, spec: Partial<TenantInput['spec']> = {}): TenantInput {
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: { name },
    spec: {
      plan: 'startup',
      services: [
        {
          name: 'shop',
          collections: [
            {
              name: 'orders',
              jsonSchema: { bsonType: 'object', required: ['sku'], properties: { sku: { bsonType: 'string' } } },
              indexes: [{ keys: [{ field: 'sku' }], unique: true }],
            },
            { name: 'events', indexes: [{ keys: [{ field: 'at', order: -1 }, { field: 'kind' }] }] },
          ],
        },
      ],
      ...spec,
    },
  };
}

/** Declares the stack's two regions and the plans that tests use. */
export async function declareBasics(api: ApiClient): Promise<void> {
  for (const [name, jurisdiction] of [
    ['eu-west-1', 'EU'],
    ['us-east-1', 'US'],
  ] as const) {
    await api.call('putRegion', {
      params: { name },
      ifNoneMatch: '*',
      body: { apiVersion, kind: 'Region', metadata: { name }, spec: { jurisdiction, cells: [{ name: `${name}-a` }] } },
    });
  }
  await api.call('putPlan', {
    params: { name: 'startup' },
    ifNoneMatch: '*',
    body: {
      apiVersion,
      kind: 'Plan',
      metadata: { name: 'startup' },
      spec: { isolationModes: ['dedicated', 'schema', 'hybrid'], quotas: { tables: 100 } },
    },
  });
}
