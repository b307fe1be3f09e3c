import type { Manifest } from '../../contracts/manifests/manifest.ts';
import { declareActions, declareResource } from '../../engines/catalog/declare-resource.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import { removeActions, removeResource } from '../../engines/catalog/remove-resource.ts';
import type { Precondition } from '../../engines/requests/precondition.ts';
import type { CatalogDocument, DocumentOfKind, ResourceDocument } from '../../store/documents.ts';
import { prepareEndpoint, removeEndpointParts } from '../../engines/webhooks/declare-endpoint.ts';
import type { WebhookRules } from '../../engines/webhooks/declare-endpoint.ts';
import { stateOf } from '../../engines/webhooks/endpoint-state.ts';
import type { WebhookKeys } from '../../engines/webhooks/webhook-keys.ts';
import type { StartOrDefer } from '../../platform/start-or-defer.ts';
import type { WorkflowStarters } from '../../platform/workflow-starters.ts';
import type { Transaction } from '../../store/commit.ts';
import type { Store } from '../../store/store.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { EncodedList } from '../answers.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { planBody, regionBody, tenantTemplateBody, webhookBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';
import type { Keep } from '../answers.ts';
import { listPage } from './list-page.ts';
import { declarationOf, namedBy } from './tenant-handlers.ts';

export interface CatalogHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
  readonly webhookKeys: WebhookKeys;
  readonly webhookRules: WebhookRules;
  readonly startWebhook: WorkflowStarters['startWebhook'];
  readonly startOrDefer: StartOrDefer;
}

/** What a kind needs besides its declaration. */
interface KindParts<Kind extends CatalogKind> {
  /** Before the commit. */
  prepare(spec: DocumentOfKind<Kind>['spec']): Promise<{
    readonly uid: string;
    write(tx: Transaction, document: DocumentOfKind<Kind>, created: boolean): Promise<void>;
  }>;
  /** After the commit. */
  declared(document: DocumentOfKind<Kind>): Promise<void>;
  /** In the commit that removes it. */
  remove(tx: Transaction, document: DocumentOfKind<Kind>): Promise<void>;
}

type CatalogKind = CatalogDocument['kind'];

interface PutRequest<Kind extends CatalogKind> {
  readonly params: { readonly name: string };
  readonly body: Extract<Manifest, { kind: Kind }>;
  readonly caller: Caller;
  readonly precondition: Precondition | undefined;
  readonly keep: Keep;
}

interface Shown<Status extends number, Body> {
  readonly status: Status;
  readonly body: Body;
  readonly headers: { readonly etag: string; readonly location?: string };
}

interface KindHandlers<Kind extends CatalogKind, Body> {
  list(request: {
    readonly query: { readonly pageSize: number; readonly pageToken?: string | undefined };
    readonly caller: Caller;
  }): Promise<{ readonly status: 200; readonly body: EncodedList<Body> }>;
  get(request: { readonly params: { readonly name: string }; readonly caller: Caller }): Promise<Shown<200, Body>>;
  put(request: PutRequest<Kind>): Promise<Shown<200 | 201, Body>>;
  remove(request: Omit<PutRequest<Kind>, 'body'>): Promise<Shown<200, Body>>;
}

const readActions = {
  Plan: { list: 'plan.list', get: 'plan.get' },
  Region: { list: 'region.list', get: 'region.get' },
  TenantTemplate: { list: 'template.list', get: 'template.get' },
  WebhookEndpoint: { list: 'webhook.list', get: 'webhook.get' },
} as const satisfies Record<CatalogKind, unknown>;

type CatalogHandlers = Pick<
  RouteHandlers,
  | 'listPlans'
  | 'getPlan'
  | 'putPlan'
  | 'deletePlan'
  | 'listRegions'
  | 'getRegion'
  | 'putRegion'
  | 'deleteRegion'
  | 'listTemplates'
  | 'getTemplate'
  | 'putTemplate'
  | 'deleteTemplate'
  | 'listWebhooks'
  | 'getWebhook'
  | 'putWebhook'
  | 'deleteWebhook'
>;

/** Plans, regions, templates and webhooks. They are declared, read, listed and deleted; no operation runs for them. */
export function catalogHandlers({
  store,
  authorize,
  pageTokens,
  webhookKeys,
  webhookRules,
  startWebhook,
  startOrDefer,
}: CatalogHandlerDependencies): CatalogHandlers {
  function handlersOf<Kind extends CatalogKind, Body>(
    kind: Kind,
    list: string,
    show: (document: DocumentOfKind<Kind>) => Body,
    parts?: KindParts<Kind>,
  ): KindHandlers<Kind, Body> {
    const shown = <Status extends number>(status: Status, document: DocumentOfKind<Kind>): Shown<Status, Body> => {
      const { name, revision } = document as ResourceDocument;
      return {
        status,
        body: show(document),
        headers: { etag: etagOf(revision), ...(status === 201 ? { location: `/v1/${list}/${name}` } : {}) },
      };
    };
    return {
      async list({ query, caller }) {
        await authorize(caller, readActions[kind].list, { kind });
        const body = await listPage(pageTokens, list, query, null, {
          read: (after, limit) => ({
            documents: store.resources.scan(kind, { limit, ...(after === undefined ? {} : { after }) }),
          }),
          positionOf: (document) => (document as ResourceDocument).name,
          show,
        });
        return { status: 200, body };
      },
      async get({ params: { name }, caller }) {
        await authorize(caller, readActions[kind].get, { kind, name });
        const document = await store.resources.find(kind, name);
        if (document === undefined) throw absent({ kind, name });
        return shown(200, document);
      },
      async put({ params: { name }, body, caller, precondition, keep }) {
        const declaration = declarationOf(body, name) as Parameters<typeof declareResource>[1]['declaration'];
        const { policy } = await authorize(caller, declareActions[kind], { kind, name });
        const prepared = await parts?.prepare((body as Manifest).spec as DocumentOfKind<Kind>['spec']);
        const declared = await declareResource(store, {
          kind,
          name,
          uid: prepared?.uid,
          declaration,
          precondition: precondition ?? { kind: 'exists' },
          named: namedBy(body),
          caller,
          policy,
          async alsoCommit(tx, document, created) {
            await prepared?.write(tx, document as DocumentOfKind<Kind>, created);
            await keep(tx, shown(created ? 201 : 200, document as DocumentOfKind<Kind>));
          },
        });
        await parts?.declared(declared.document as DocumentOfKind<Kind>);
        return shown(declared.outcome === 'created' ? 201 : 200, declared.document as DocumentOfKind<Kind>);
      },
      async remove({ params: { name }, caller, precondition, keep }) {
        const { policy } = await authorize(caller, removeActions[kind], { kind, name });
        // The response shows the resource as it was before.
        const replyTo = (document: CatalogDocument) => shown(200, document as DocumentOfKind<Kind>);
        const removed = await removeResource(store, {
          kind,
          name,
          precondition: precondition ?? { kind: 'exists' },
          caller,
          policy,
          async alsoCommit(tx, document) {
            await parts?.remove(tx, document as DocumentOfKind<Kind>);
            await keep(tx, replyTo(document));
          },
        });
        return replyTo(removed);
      },
    };
  }

  const plans = handlersOf('Plan', 'plans', planBody);
  const regions = handlersOf('Region', 'regions', regionBody);
  const templates = handlersOf('TenantTemplate', 'templates', tenantTemplateBody);
  const webhooks = handlersOf('WebhookEndpoint', 'webhooks', webhookBody, {
    prepare: (spec) => prepareEndpoint({ store, keys: webhookKeys, rules: webhookRules }, spec),
    async declared(endpoint) {
      const { _id: uid, name } = endpoint;
      if (stateOf(endpoint) === 'sending')
        await startOrDefer('the workflow of a webhook', { webhook: name }, startWebhook({ uid, name }));
    },
    remove: (tx, document) => removeEndpointParts(store, tx, document),
  });
  return {
    listPlans: plans.list,
    getPlan: plans.get,
    putPlan: plans.put,
    deletePlan: plans.remove,
    listRegions: regions.list,
    getRegion: regions.get,
    putRegion: regions.put,
    deleteRegion: regions.remove,
    listTemplates: templates.list,
    getTemplate: templates.get,
    putTemplate: templates.put,
    deleteTemplate: templates.remove,
    listWebhooks: webhooks.list,
    getWebhook: webhooks.get,
    putWebhook: webhooks.put,
    deleteWebhook: webhooks.remove,
  };
}
