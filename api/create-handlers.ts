import type { MassChangeLimits } from '../domain/mass-change.ts';
import { createOpenTenant } from '../engines/access/open-tenant.ts';
import type { OpenTenantDependencies } from '../engines/access/open-tenant.ts';
import { createAdmit } from '../engines/admission/admission.ts';
import { createChangeTenant } from '../engines/changes/change-tenant.ts';
import { createMassChangeBrake } from '../engines/changes/mass-change-brake.ts';
import type { RehearseSchema } from '../engines/isolation/rehearsal/rehearse-schema.ts';
import type { KeyProvider } from '../engines/keys/key-provider.ts';
import { createTenantSecrets } from '../engines/keys/tenant-secrets.ts';
import type { PolicyEngine } from '../engines/policy/policy-engine.ts';
import { createTemplates } from '../engines/rollouts/templates.ts';
import type { WebhookRules } from '../engines/webhooks/declare-endpoint.ts';
import { createWebhookKeys } from '../engines/webhooks/webhook-keys.ts';
import { createFailpoints } from '../platform/failpoints.ts';
import type { Failpoints } from '../platform/failpoints.ts';
import { noWorkflows } from '../platform/workflow-starters.ts';
import type { WorkflowStarters } from '../platform/workflow-starters.ts';
import type { Store } from '../store/store.ts';
import type { Authorize } from './authorization.ts';
import { accessHandlers } from './handlers/access-handlers.ts';
import { logHandlers } from './handlers/log-handlers.ts';
import { auditHandlers } from './handlers/audit-handlers.ts';
import { isolationHandlers } from './handlers/isolation-handlers.ts';
import { openTenantHandler } from './handlers/open-tenant-handler.ts';
import { operationHandlers } from './handlers/operation-handlers.ts';
import { rolloutHandlers } from './handlers/rollout-handlers.ts';
import { catalogHandlers } from './handlers/catalog-handlers.ts';
import { createTenantChange } from './handlers/tenant-change.ts';
import { tenantHandlers } from './handlers/tenant-handlers.ts';
import { tenantHistoryHandlers } from './handlers/tenant-history-handlers.ts';
import { eventHandlers } from './handlers/event-handlers.ts';
import { explainHandlers } from './handlers/explain-handlers.ts';
import { tenantSearchHandler } from './handlers/tenant-search-handler.ts';
import { tenantVerbHandlers } from './handlers/tenant-verb-handlers.ts';
import { tombstoneHandlers } from './handlers/tombstone-handlers.ts';
import { webhookHandlers } from './handlers/webhook-handlers.ts';
import type { PrepareEventReading } from './events/event-reading.ts';
import type { OperationWatch } from './operation-watch.ts';
import type { PageTokens } from './page-token.ts';
import type { RouteHandlers } from './reply.ts';
import type { StartOrDefer } from '../platform/start-or-defer.ts';

export interface HandlerDependencies {
  readonly store: Store;
  readonly policy: Pick<PolicyEngine, 'authorize' | 'admit'>;
  readonly keyProvider: KeyProvider;
  readonly authorize: Authorize;
  readonly brakeLimits: MassChangeLimits;
  readonly workflows: WorkflowStarters;
  /** @throws TenureError temporal_unavailable */
  readonly requireTemporal: () => Promise<void>;
  readonly startOrDefer: StartOrDefer;
  readonly failpoints: Failpoints;
  readonly pageTokens: PageTokens;
  readonly watch: OperationWatch;
  readonly installation: string;
  readonly prepareEventReading: PrepareEventReading;
  readonly endpoint: OpenTenantDependencies['endpoint'];
  readonly webhookRules: WebhookRules;
  /** Only for dry runs. */
  readonly rehearseSchema?: RehearseSchema;
}

/** Creates a handler for each route of the table. */
export function createHandlers({
  store,
  policy,
  keyProvider,
  authorize,
  brakeLimits,
  workflows,
  requireTemporal,
  startOrDefer,
  failpoints,
  pageTokens,
  watch,
  prepareEventReading,
  installation,
  endpoint,
  webhookRules,
  rehearseSchema,
}: HandlerDependencies): RouteHandlers {
  const admit = createAdmit({ ...store, policy, keyProvider });
  const templates = createTemplates(store);
  const webhookKeys = createWebhookKeys({ store, keyProvider });
  const brake = createMassChangeBrake({ store, limits: brakeLimits });
  const changeTenant = createChangeTenant({ store, admit, templates, brake, requireTemporal, failpoints });
  const tenantChange = createTenantChange({ changeTenant, ...workflows, startOrDefer });
  return {
    ...accessHandlers({ store, authorize, policy }),
    ...tenantHandlers({ authorize, tenantChange, resources: store.resources, rehearseSchema }),
    ...tenantHistoryHandlers({ store, authorize, pageTokens, tenantChange }),
    listTenants: tenantSearchHandler({ store, authorize, pageTokens }),
    ...tenantVerbHandlers({ store, authorize, admit, tenantChange }),
    ...explainHandlers({ store, authorize, admit, templates }),
    ...isolationHandlers({ store, authorize, requireTemporal, start: workflows.startVerification, startOrDefer }),
    ...tombstoneHandlers({ store, authorize, pageTokens }),
    ...catalogHandlers({
      store,
      authorize,
      pageTokens,
      webhookKeys,
      webhookRules,
      startWebhook: workflows.startWebhook,
      startOrDefer,
    }),
    ...webhookHandlers({
      store,
      authorize,
      pageTokens,
      keys: webhookKeys,
      start: workflows.startWebhook,
      startOrDefer,
    }),
    ...rolloutHandlers({
      store,
      authorize,
      admit,
      templates,
      pageTokens,
      start: workflows.startRollout,
      requireTemporal,
      startOrDefer,
    }),
    ...operationHandlers({
      store,
      authorize,
      pageTokens,
      signalCancellation: tenantChange.signalCancellation,
      watch,
      failpoints,
    }),
    ...logHandlers({ store, authorize, pageTokens, installation }),
    ...auditHandlers({ store, authorize, pageTokens }),
    ...eventHandlers({ store, authorize, prepareEventReading }),
    openTenant: openTenantHandler({
      authorize,
      openTenant: createOpenTenant({
        store,
        admit,
        tenantSecrets: createTenantSecrets({ keyProvider, secrets: store.secrets }),
        endpoint,
      }),
    }),
  };
}

/**
 * The same dependencies for dry runs: writes are rolled back and no workflow is started or cancelled. Denials of the
 * change are not recorded, but denials of the caller are, because `authorize` is the real one.
 */
export function rehearsed(dependencies: HandlerDependencies, rehearseSchema: RehearseSchema): HandlerDependencies {
  return {
    ...dependencies,
    store: {
      ...dependencies.store,
      commit: dependencies.store.rehearse,
      refusals: { record: async () => undefined, flush: async () => undefined },
    },
    workflows: noWorkflows,
    failpoints: createFailpoints(undefined),
    rehearseSchema,
  };
}
