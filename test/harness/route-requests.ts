import { routes } from '../../contracts/routes.ts';
import type { RouteId } from '../../contracts/routes.ts';
import type { RouteContract } from '../../contracts/routes/route-contract.ts';
import type { HttpRequest } from './http-exchange.ts';
import { tenantManifest } from './manifests.ts';

export interface About {
  /** The name of the tenant, template, plan, region or webhook. */
  readonly name: string;
  /** The id of the operation, the roll-out or the tombstone. */
  readonly id?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const absentId = '01hzzzzzzzzzzzzzzzzzzzzza1';

/** The second tenant of a request that names two. */
export const otherTenant = 'another-tenant';

function bodyOf(id: RouteId, name: string): unknown {
  const bodies: Partial<Record<RouteId, unknown>> = {
    createTenant: tenantManifest(name),
    putTenant: tenantManifest(name),
    putPlan: {
      apiVersion: 'tenure/v1',
      kind: 'Plan',
      metadata: { name },
      spec: { isolationModes: ['dedicated'], quotas: { tables: 1 } },
    },
    putRegion: {
      apiVersion: 'tenure/v1',
      kind: 'Region',
      metadata: { name },
      spec: { jurisdiction: 'EU', cells: [{ name: 'a' }] },
    },
    putWebhook: {
      apiVersion: 'tenure/v1',
      kind: 'WebhookEndpoint',
      metadata: { name },
      spec: { url: 'http://127.0.0.1:9/hooks' },
    },
    putTemplate: { apiVersion: 'tenure/v1', kind: 'TenantTemplate', metadata: { name }, spec: {} },
    replayEvents: { since: '2026-12-01T00:00:00.000Z' },
    startRollout: {},
    changePlanOfTenant: { plan: 'startup' },
    holdTenant: { reason: 'a case' },
    purgeTenant: { early: true },
    rollbackTenant: { generation: 1 },
    verifyIsolationOfTenant: { against: otherTenant },
  };
  return bodies[id];
}

function queryOf(id: RouteId, name: string): string {
  const queries: Partial<Record<RouteId, string>> = {
    previewPlanOfTenant: '?plan=startup',
    checkAccess: `?action=tenant.get&name=${name}`,
  };
  return queries[id] ?? '';
}

/** Routes that are answered from the token and the policy alone. */
export const needsNoControlData: readonly RouteId[] = ['getCaller', 'getEventTypes'];

/** The smallest request that the contract of a route accepts. */
export function requestBy(id: RouteId, { name, id: of = absentId, headers = {} }: About): HttpRequest {
  const contract: RouteContract = routes[id];
  const body = bodyOf(id, name);
  const path = contract.path.replace('{name}', name).replace('{id}', of).replace('{uid}', of);
  return {
    method: contract.method,
    path: `${path}${queryOf(id, name)}`,
    headers: { 'idempotency-key': id, ...headers },
    ...(body === undefined ? {} : { body }),
  };
}

export const routeIds = Object.keys(routes) as RouteId[];
