import type { PlanManifest, RegionManifest } from '../../contracts/manifests/manifest.ts';
import { declareResource } from '../../engines/registry/declare-resource.ts';
import type { DeclaredResource, SettledDocument } from '../../engines/registry/declare-resource.ts';
import type { Caller } from '../../engines/registry/caller.ts';
import type { Precondition } from '../../engines/registry/precondition.ts';
import type { PlanDocument, RegionDocument } from '../../store/documents.ts';
import type { IdempotentRequest } from '../../store/idempotency.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { planBody, regionBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';
import { storedAnswer } from '../stored-answer.ts';
import { listPage } from './list-page.ts';
import { declarationOf } from './tenant-handlers.ts';

export interface SettledHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
}

interface PutRequest {
  readonly params: { readonly name: string };
  readonly body: PlanManifest | RegionManifest;
  readonly caller: Caller;
  readonly precondition: Precondition | undefined;
  readonly idempotency: IdempotentRequest | undefined;
}

const show = (document: SettledDocument) => (document.kind === 'Plan' ? planBody(document) : regionBody(document));

/** Plans and regions: declared, read, listed; nothing runs for them. */
export function settledHandlers({ store, authorize, pageTokens }: SettledHandlerDependencies): Pick<RouteHandlers, 'listPlans' | 'getPlan' | 'putPlan' | 'listRegions' | 'getRegion' | 'putRegion'> {
  async function put({ params: { name }, body, caller, precondition, idempotency }: PutRequest): Promise<DeclaredResource> {
    const { kind } = body;
    const declaration = declarationOf(body, name);
    const { policy } = await authorize(caller, kind === 'Plan' ? 'plan.apply' : 'region.apply', { kind, name });
    return declareResource(store, {
      kind,
      name,
      declaration,
      precondition: precondition ?? { kind: 'exists' },
      caller,
      policy,
      async settle(tx, document, created) {
        if (idempotency === undefined) return;
        await store.idempotency.settle(tx, idempotency, storedAnswer({ status: created ? 201 : 200, body: show(document), headers: { etag: etagOf(document.revision) } }));
      },
    });
  }

  async function get<Kind extends 'Plan' | 'Region'>(kind: Kind, name: string, caller: Caller): Promise<Extract<SettledDocument, { kind: Kind }>> {
    await authorize(caller, kind === 'Plan' ? 'plan.get' : 'region.get', { kind, name });
    const document: SettledDocument | undefined = await store.resources.find(kind, name);
    if (document === undefined) throw absent({ kind, name });
    return document as Extract<SettledDocument, { kind: Kind }>;
  }

  const status = ({ outcome }: DeclaredResource): 200 | 201 => (outcome === 'created' ? 201 : 200);
  const paging = (after: string | undefined, limit: number) => ({ limit, ...(after === undefined ? {} : { after }) });

  return {
    async listPlans({ query, caller }) {
      await authorize(caller, 'plan.list', { kind: 'Plan' });
      const body = await listPage(pageTokens, 'plans', query, null, { read: (after, limit) => store.resources.list('Plan', paging(after, limit)), positionOf: (plan) => plan.name, show: planBody });
      return { status: 200, body };
    },
    async getPlan({ params: { name }, caller }) {
      const plan = await get('Plan', name, caller);
      return { status: 200, body: planBody(plan), headers: { etag: etagOf(plan.revision) } };
    },
    async putPlan(request) {
      const declared = await put(request);
      return { status: status(declared), body: planBody(declared.document as PlanDocument), headers: { etag: etagOf(declared.document.revision) } };
    },
    async listRegions({ query, caller }) {
      await authorize(caller, 'region.list', { kind: 'Region' });
      const body = await listPage(pageTokens, 'regions', query, null, { read: (after, limit) => store.resources.list('Region', paging(after, limit)), positionOf: (region) => region.name, show: regionBody });
      return { status: 200, body };
    },
    async getRegion({ params: { name }, caller }) {
      const region = await get('Region', name, caller);
      return { status: 200, body: regionBody(region), headers: { etag: etagOf(region.revision) } };
    },
    async putRegion(request) {
      const declared = await put(request);
      return { status: status(declared), body: regionBody(declared.document as RegionDocument), headers: { etag: etagOf(declared.document.revision) } };
    },
  };
}
