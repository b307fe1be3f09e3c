import type { ApiClient } from '../client/api-client.ts';
import { ApiError } from '../client/api-error.ts';
import type { Manifest } from '../contracts/manifests/manifest.ts';
import type { Plan } from '../contracts/manifests/plan.ts';
import type { Region } from '../contracts/manifests/region.ts';
import type { RouteId } from '../contracts/routes.ts';
import type { Tenant } from '../contracts/manifests/tenant.ts';
import type { TenantTemplate } from '../contracts/manifests/tenant-template.ts';
import type { WebhookEndpoint } from '../contracts/manifests/webhook-endpoint.ts';
import type { Operation } from '../contracts/operation.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';

export type Resource = Region | Plan | TenantTemplate | WebhookEndpoint | Tenant;

export interface Applied {
  readonly outcome: 'created' | 'configured' | 'unchanged';
  /** As it is after the call. */
  readonly resource: Resource;
  /** The operation that makes the change: a new one, or one that is already running. */
  readonly operation?: Operation;
  /** Of a dry run: what may turn out differently than intended. */
  readonly warnings?: readonly ProblemDetail[];
  /** Operations that follow it. */
  readonly following?: readonly Operation[] | undefined;
}

/** The operations that make the change, in order. */
export function operationsOf({ operation, following = [] }: Pick<Applied, 'operation' | 'following'>): Operation[] {
  return operation === undefined ? [] : [operation, ...following];
}

/** What the user has confirmed. */
export interface ApplyConsent {
  /** Also reverse what a verb has set. */
  readonly forceConflicts: true | undefined;
  /** A change of many tenants at once. */
  readonly confirmMassChange: true | undefined;
  /** Check everything, change nothing. */
  readonly dryRun?: true | undefined;
}

interface Current {
  readonly etag: string;
  readonly revision: number;
}
type Condition = { readonly ifMatch: string } | { readonly ifNoneMatch: '*' };

/**
 * Makes a resource match its manifest: creates it if it does not exist, otherwise replaces exactly what was read. If
 * someone else changes it in between, calls `onReread` and reads it again, once.
 * @throws ApiError, ApiUnreachable
 */
export async function applyManifest(
  api: ApiClient,
  manifest: Manifest,
  consent: ApplyConsent,
  onReread: () => void,
): Promise<Applied> {
  try {
    return await applyOnce(api, manifest, consent);
  } catch (error) {
    // If the manifest itself names a stale revision, reading again does not help.
    const isStale =
      error instanceof ApiError &&
      (error.code === 'precondition_failed' ||
        (error.code === 'revision_stale' && manifest.metadata.revision === undefined));
    if (!isStale) throw error;
    onReread();
    return applyOnce(api, manifest, consent);
  }
}

async function applyOnce(api: ApiClient, manifest: Manifest, consent: ApplyConsent): Promise<Applied> {
  const before = await read(api, manifest);
  const { resource, operation, following, warnings } = await put(
    api,
    manifest,
    consent,
    before === undefined ? { ifNoneMatch: '*' } : { ifMatch: before.etag },
  );
  const outcome =
    before === undefined ? 'created' : resource.metadata.revision === before.revision ? 'unchanged' : 'configured';
  return {
    outcome,
    resource,
    ...(operation === undefined ? {} : { operation, following }),
    ...(warnings === undefined ? {} : { warnings }),
  };
}

const readRoutes = {
  Region: 'getRegion',
  Plan: 'getPlan',
  TenantTemplate: 'getTemplate',
  WebhookEndpoint: 'getWebhook',
  Tenant: 'getTenant',
} as const satisfies Record<Manifest['kind'], RouteId>;

async function read(api: ApiClient, { kind, metadata: { name } }: Manifest): Promise<Current | undefined> {
  const route = readRoutes[kind];
  try {
    const { body, etag } = await api.call(route, { params: { name } });
    const { revision } = body.metadata;
    return { revision, etag: etag ?? `"${revision}"` };
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_found') return undefined;
    throw error;
  }
}

async function put(
  api: ApiClient,
  manifest: Manifest,
  { forceConflicts, confirmMassChange, dryRun }: ApplyConsent,
  condition: Condition,
): Promise<Omit<Applied, 'outcome'>> {
  const params = { name: manifest.metadata.name };
  const rehearsal = dryRun === true ? { dryRun: 'true' as const } : {};
  switch (manifest.kind) {
    case 'Region':
      return {
        resource: (await api.call('putRegion', { params, query: rehearsal, body: manifest, ...condition })).body,
      };
    case 'Plan':
      return { resource: (await api.call('putPlan', { params, query: rehearsal, body: manifest, ...condition })).body };
    case 'TenantTemplate':
      return {
        resource: (await api.call('putTemplate', { params, query: rehearsal, body: manifest, ...condition })).body,
      };
    case 'WebhookEndpoint':
      return {
        resource: (await api.call('putWebhook', { params, query: rehearsal, body: manifest, ...condition })).body,
      };
    case 'Tenant': {
      const query = {
        ...rehearsal,
        ...(forceConflicts === true ? { force: 'true' as const } : {}),
        ...(confirmMassChange === true ? { confirmMassChange: 'true' as const } : {}),
      };
      const { tenant, operation, following, warnings } = (
        await api.call('putTenant', { params, query, body: manifest, ...condition })
      ).body;
      return {
        resource: tenant,
        ...(operation === undefined ? {} : { operation, following }),
        ...(warnings === undefined ? {} : { warnings }),
      };
    }
  }
}
