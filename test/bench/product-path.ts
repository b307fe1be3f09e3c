import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../../client/api-client.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import { ended } from '../harness/lifecycle.ts';
import { tenantManifest } from '../harness/manifests.ts';

/** The plan that tenants are declared with, and the one that they change to. */
const plans = { first: 'startup', second: 'enterprise' } as const;

/** Declares what the paths need in addition to the basics. */
export async function declareSecondPlan(api: ApiClient): Promise<void> {
  const spec = { isolationModes: ['dedicated' as const], quotas: { tables: 500 } };
  await api.call('putPlan', {
    params: { name: plans.second },
    ifNoneMatch: '*',
    body: { apiVersion, kind: 'Plan', metadata: { name: plans.second }, spec },
  });
}

export async function declareDraft(api: ApiClient, name: string, region = 'eu-west-1'): Promise<void> {
  await api.call('createTenant', {
    body: tenantManifest(name, { placement: { preferredRegion: region } }),
    idempotencyKey: randomUUID(),
  });
}

/** Requests a path, and returns the id of its operation. */
export async function begin(api: ApiClient, name: string, kind: OperationKind): Promise<string> {
  const request = { params: { name }, ifMatch: '*' as const, idempotencyKey: randomUUID() };
  const { body } = await (() => {
    switch (kind) {
      case 'change_plan':
        return api.call('changePlanOfTenant', { ...request, body: { plan: plans.second } });
      case 'purge':
        return api.call('purgeTenant', { ...request, body: { early: true } });
      default:
        return api.call(`${kind}Tenant`, request);
    }
  })();
  if (body.operation === undefined) throw new Error(`${kind} of ${name} began no operation`);
  return body.operation.id;
}

/** Takes a path from the request to the end of its operation, which must succeed. */
export async function takePath(api: ApiClient, name: string, kind: OperationKind): Promise<void> {
  const operation = await ended(api, await begin(api, name, kind));
  if (operation.state !== 'succeeded')
    throw new Error(`${kind} of ${name} ended as ${operation.state}: ${JSON.stringify(operation.error)}`);
}
