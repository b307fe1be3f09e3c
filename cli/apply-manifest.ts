import type { ApiClient } from '../client/api-client.ts';
import { ApiError } from '../client/api-error.ts';
import type { Manifest } from '../contracts/manifests/manifest.ts';
import type { Plan } from '../contracts/manifests/plan.ts';
import type { Region } from '../contracts/manifests/region.ts';
import type { Tenant } from '../contracts/manifests/tenant.ts';
import type { TenantTemplate } from '../contracts/manifests/tenant-template.ts';
import type { Operation } from '../contracts/operation.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';

export type Resource = Region | Plan | TenantTemplate | Tenant;

export interface Applied {
  readonly outcome: 'created' | 'configured' | 'unchanged';
  /** As it stands after the call. */
  readonly resource: Resource;
  /** What brings it about, new or running already. */
  readonly operation?: Operation;
  /** Of a dry run: what would go otherwise than may be meant. */
  readonly warnings?: readonly ProblemDetail[];
  /** Those that follow it. */
  readonly following?: readonly Operation[] | undefined;
}

/** The operations that bring it about, in order. */
export function operationsOf({ operation, following = [] }: Pick<Applied, 'operation' | 'following'>): Operation[] {
  return operation === undefined ? [] : [operation, ...following];
}

/** What the user has said to be meant. */
export interface ApplyConsent {
  /** Reverse also what a verb has set. */
  readonly forceConflicts: true | undefined;
  /** Many tenants at once. */
  readonly confirmMassChange: true | undefined;
  /** Everything is checked, nothing is changed. */
  readonly dryRun?: true | undefined;
}

interface Current {
  readonly etag: string;
  readonly revision: number;
}
type Condition = { readonly ifMatch: string } | { readonly ifNoneMatch: '*' };

/**
 * Makes a resource what its manifest says: creates it if it is not there, else replaces exactly what was read. If others
 * change it in between it is read again, once, after `onReread`.
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
    // What the manifest itself was made from does not change by reading again.
    const overtaken =
      error instanceof ApiError &&
      (error.code === 'precondition_failed' ||
        (error.code === 'revision_stale' && manifest.metadata.revision === undefined));
    if (!overtaken) throw error;
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

async function read(api: ApiClient, { kind, metadata: { name } }: Manifest): Promise<Current | undefined> {
  const route = ({ Region: 'getRegion', Plan: 'getPlan', TenantTemplate: 'getTemplate', Tenant: 'getTenant' } as const)[
    kind
  ];
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
