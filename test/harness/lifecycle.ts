import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ApiClient } from '../../client/api-client.ts';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { RouteId } from '../../contracts/routes.ts';
import { tenantManifest } from './manifests.ts';

/** The verb of each path that needs nothing but a tenant. */
export const verbOf = {
  activate: 'activateTenant',
  suspend: 'suspendTenant',
  resume: 'resumeTenant',
  archive: 'archiveTenant',
  reactivate: 'reactivateTenant',
  delete: 'deleteTenant',
  undelete: 'undeleteTenant',
  reconcile: 'reconcileTenant',
} as const satisfies Partial<Record<OperationKind, RouteId>>;

export type Verb = (typeof verbOf)[keyof typeof verbOf];

/** Options of a request that is carried out once, at any revision of the tenant. */
export const always = () => ({ ifMatch: '*' as const, idempotencyKey: randomUUID() });

/** Requests a path by its verb. Resolves when its operation has ended, whatever its outcome. */
export async function take(api: ApiClient, verb: Verb, name: string): Promise<Operation> {
  const { body } = await api.call(verb, { params: { name }, ...always() });
  assert.ok(body.operation !== undefined, `${verb} of ${name} starts an operation`);
  return ended(api, body.operation.id);
}

/** Waits until the operation has ended, and returns it. */
export async function ended(api: ApiClient, id: string): Promise<Operation> {
  for (;;) {
    const { body } = await api.call('waitOperation', { params: { id }, query: { timeoutSeconds: 30 } });
    if (body.done) return body;
  }
}

/** Takes paths one after the other; each must succeed. */
export async function takeAll(api: ApiClient, name: string, verbs: readonly Verb[]): Promise<void> {
  for (const verb of verbs) {
    const operation = await take(api, verb, name);
    assert.equal(operation.state, 'succeeded', `${verb}: ${JSON.stringify(operation.error)}`);
  }
}

/** Declares a tenant and brings it to Active. */
export async function activeTenant(
  api: ApiClient,
  name: string,
  change: Parameters<typeof tenantManifest>[1] = {},
): Promise<Tenant> {
  await api.call('createTenant', { body: tenantManifest(name, change), idempotencyKey: randomUUID() });
  await takeAll(api, name, ['activateTenant']);
  return (await api.call('getTenant', { params: { name } })).body;
}

/** The status and the reason of a condition of a tenant. */
export function conditionOf(tenant: Tenant, type: string): string {
  const condition = tenant.status.conditions.find((one) => one.type === type);
  return condition === undefined ? 'absent' : `${condition.status} ${condition.reason}`;
}
