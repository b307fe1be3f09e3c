import { canonicallyEqual } from '../../contracts/canonical-json.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { DeclaredTenantSpec } from '../../contracts/manifests/tenant.ts';
import type { TenantRevision } from '../../contracts/tenant-revision.ts';
import { rebaseServices } from '../../domain/tenant-template.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { Declaration } from '../../store/resources.ts';
import type { PointInTime, TenantRevisionDocument } from '../../store/revisions.ts';
import type { Store } from '../../store/store.ts';
import { absent, permitOn, tenantTarget } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { tenantBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';
import { listPage } from './list-page.ts';
import { changesBetween, pointOf, sized, summarize } from './revision-summaries.ts';
import type { TenantChange } from './tenant-change.ts';

export interface TenantHistoryDependencies {
  readonly store: Pick<Store, 'resources' | 'revisions'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
  readonly tenantChange: TenantChange;
}

function pointInTime(text: string): PointInTime {
  return /^\d+$/.test(text) ? { generation: Number(text) } : { time: new Date(text) };
}

function manifestMetadata(name: string, { labels, annotations }: TenantRevisionDocument) {
  return {
    name,
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

function revisionBody(revision: TenantRevisionDocument): TenantRevision {
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: { ...manifestMetadata(revision.name, revision), uid: revision._id.uid, ...pointOf(revision) },
    spec: revision.spec,
  };
}

/**
 * The declaration of an earlier generation, without the fields that only verbs and moves change; an absent field stays
 * unchanged.
 */
function declaredAgain(
  tenant: TenantDocument,
  {
    labels,
    annotations,
    spec: { lifecycle: _lifecycle, placement: _placement, hold: _hold, ...spec },
  }: TenantRevisionDocument,
): Declaration<DeclaredTenantSpec> {
  // A collection that was added later holds data, so it is kept.
  const services =
    tenant.placement === null
      ? spec.services
      : rebaseServices(tenant.spec.services, tenant.spec.services, spec.services, canonicallyEqual);
  return { labels, annotations, spec: { ...spec, services } };
}

/** Reads a tenant and its history, compares generations, and rolls back. */
export function tenantHistoryHandlers({
  store,
  authorize,
  pageTokens,
  tenantChange,
}: TenantHistoryDependencies): Pick<
  RouteHandlers,
  'getTenant' | 'listTenantRevisions' | 'diffTenant' | 'rollbackTenant'
> {
  async function read(name: string, caller: Caller, action: 'tenant.get' | 'tenant.update'): Promise<TenantDocument> {
    const tenant = await store.resources.find('Tenant', name);
    await authorize(caller, action, tenantTarget(name, tenant));
    if (tenant === undefined) throw absent({ kind: 'Tenant', name });
    return tenant;
  }

  /** @throws TenureError not_found, which lists the existing generations */
  async function revisionAt({ _id: uid, name }: TenantDocument, at: PointInTime): Promise<TenantRevisionDocument> {
    const revision = await store.revisions.find(uid, at);
    if (revision !== undefined) return revision;
    const [last, first] = await Promise.all([
      store.revisions.latest(uid),
      store.revisions.find(uid, { generation: 1 }),
    ]);
    const range = `generations 1 to ${last} exist, the first since ${first?.time.toISOString()}`;
    throw new TenureError(
      'not_found',
      'generation' in at
        ? `tenant "${name}" has no generation ${at.generation}: ${range}`
        : `tenant "${name}" did not exist yet at ${at.time.toISOString()}: ${range}`,
    );
  }

  return {
    async getTenant({ params: { name }, query: { at }, caller }) {
      const tenant = await read(name, caller, 'tenant.get');
      if (at !== undefined) return { status: 200, body: revisionBody(await revisionAt(tenant, pointInTime(at))) };
      return { status: 200, body: tenantBody(tenant), headers: { etag: etagOf(tenant.revision) } };
    },
    async listTenantRevisions({ params: { name }, query, caller }) {
      const { _id: uid } = await read(name, caller, 'tenant.get');
      const body = await listPage(
        pageTokens,
        'revisions',
        query,
        { uid },
        {
          async read(before, limit) {
            const { summaries, searchedTo } = await summarize(
              store.revisions.scan(uid, { limit, ...(before === undefined ? {} : { before: Number(before) }) }),
            );
            const origins = await store.revisions.origins(uid, summaries);
            return {
              documents: sized(summaries.map((summary) => ({ ...summary, origin: origins.get(summary.generation) }))),
              searchedTo,
            };
          },
          positionOf: ({ generation }) => String(generation),
          show({ generation, time, changed, origin }) {
            if (origin === undefined)
              throw new TenureError('internal', `no ledger entry for generation ${generation} of tenant ${uid}`);
            return {
              generation,
              time,
              ...(origin.subject === undefined ? {} : { actor: origin.subject }),
              action: origin.action,
              ...(origin.operationId === undefined ? {} : { operation: origin.operationId }),
              changed,
            };
          },
        },
      );
      return { status: 200, body };
    },
    async diffTenant({ params: { name }, query, caller }) {
      const tenant = await read(name, caller, 'tenant.get');
      const to = await revisionAt(
        tenant,
        query.to === undefined ? { generation: tenant.generation } : pointInTime(query.to),
      );
      const from = await revisionAt(
        tenant,
        query.from === undefined ? { generation: Math.max(1, to._id.generation - 1) } : pointInTime(query.from),
      );
      return { status: 200, body: { name, from: pointOf(from), to: pointOf(to), changes: changesBetween(from, to) } };
    },
    async rollbackTenant({ params: { name }, body: { generation }, caller, precondition, keep }) {
      // Otherwise a name that becomes free at this moment would be assigned to a new tenant.
      if (precondition?.kind === 'absent') {
        await read(name, caller, 'tenant.update');
        throw new TenureError('already_exists', `tenant "${name}" already exists`);
      }
      const reply = await tenantChange.make(
        {
          name,
          async declare(tenant) {
            if (tenant === undefined) throw absent({ kind: 'Tenant', name });
            return declaredAgain(tenant, await revisionAt(tenant, { generation }));
          },
          precondition: precondition ?? { kind: 'exists' },
          caller,
          permit: permitOn(authorize, caller, name),
          force: true,
        },
        keep,
      );
      return { ...reply, status: reply.status === 202 ? 202 : 200 };
    },
  };
}
