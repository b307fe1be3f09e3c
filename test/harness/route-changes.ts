import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beginOperation } from '../../activities/begin-operation.ts';
import type { OperationEnvironment } from '../../activities/operation-activities.ts';
import { turnOperation } from '../../activities/start-compensation.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { createJudgeEndpoint } from '../../engines/webhooks/judge-endpoint.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import { routes } from '../../contracts/routes.ts';
import type { RouteId } from '../../contracts/routes.ts';
import { attachToStack } from '../../tools/stack/attach.ts';
import { createExchange } from './http-exchange.ts';
import type { Exchange, HttpRequest } from './http-exchange.ts';
import { startInstallation } from './installation.ts';
import type { Installation } from './installation.ts';
import { activeTenant, takeAll } from './lifecycle.ts';
import type { Verb } from './lifecycle.ts';
import { declareBasics, tenantManifest } from './manifests.ts';
import { otherTenant, requestBy, routeIds } from './route-requests.ts';
import { showCells } from './seen-cells.ts';
import { until } from './until.ts';

/** Every route that changes something. */
export const changingRoutes: readonly RouteId[] = routeIds.filter((id) => routes[id].method !== 'GET');

/** The name of the resource that a route is called for: the id of the route in lower case. */
export const subjectOf = (id: RouteId): string => id.toLowerCase();

/** The paths that bring a Draft to the state in which a route can be called. */
const ways: Partial<Record<RouteId, readonly Verb[]>> = {
  activateTenant: [],
  suspendTenant: ['activateTenant'],
  resumeTenant: ['activateTenant', 'suspendTenant'],
  archiveTenant: ['activateTenant', 'suspendTenant'],
  reactivateTenant: ['activateTenant', 'suspendTenant', 'archiveTenant'],
  deleteTenant: [],
  undeleteTenant: ['deleteTenant'],
  purgeTenant: ['deleteTenant'],
  reconcileTenant: ['activateTenant'],
  changePlanOfTenant: ['activateTenant'],
  cancelPlanChangeOfTenant: ['activateTenant'],
  holdTenant: [],
  releaseHoldOfTenant: [],
  rollbackTenant: [],
  openTenant: ['activateTenant'],
  verifyIsolationOfTenant: ['activateTenant'],
  abandonOperation: ['activateTenant'],
};

async function putPlan(api: ApiClient, name: string, tables: number): Promise<void> {
  await api.call('putPlan', {
    params: { name },
    ifNoneMatch: '*',
    body: { apiVersion, kind: 'Plan', metadata: { name }, spec: { isolationModes: ['dedicated'], quotas: { tables } } },
  });
}

async function prepareTenants(api: ApiClient): Promise<void> {
  // The tenant that changes to `startup` has this plan until then.
  await putPlan(api, 'other', 50);
  await Promise.all(
    Object.entries(ways).map(async ([id, verbs]) => {
      const name = subjectOf(id as RouteId);
      await api.call('createTenant', {
        body: tenantManifest(name, id === 'changePlanOfTenant' ? { plan: 'other' } : {}),
        idempotencyKey: randomUUID(),
      });
      await takeAll(api, name, verbs);
    }),
  );
  await activeTenant(api, otherTenant);
  const about = (id: RouteId) =>
    ({ params: { name: subjectOf(id) }, ifMatch: '*', idempotencyKey: randomUUID() }) as const;
  await api.call('putTenant', {
    ...about('rollbackTenant'),
    body: tenantManifest(subjectOf('rollbackTenant'), { displayName: 'Changed' }),
  });
  await api.call('holdTenant', { ...about('releaseHoldOfTenant'), body: { reason: 'a case' } });
  await api.call('changePlanOfTenant', {
    ...about('cancelPlanChangeOfTenant'),
    body: { plan: 'other', time: '2126-01-01T00:00:00.000Z' },
  });
}

async function putTemplate(
  api: ApiClient,
  name: string,
  collections: readonly string[],
  precondition: { readonly ifMatch: '*' } | { readonly ifNoneMatch: '*' },
): Promise<void> {
  const services = [{ name: 'shop', collections: collections.map((collection) => ({ name: collection })) }];
  await api.call('putTemplate', {
    params: { name },
    ...precondition,
    body: { apiVersion, kind: 'TenantTemplate', metadata: { name }, spec: { services } },
  });
}

async function startRollout(api: ApiClient, id: RouteId): Promise<string> {
  return (await api.call('startRollout', { params: { name: subjectOf(id) }, body: {}, idempotencyKey: randomUUID() }))
    .body.id;
}

/** A roll-out that has paused by itself, at a tenant whose plan has no room for what the new version adds. */
async function preparePaused(api: ApiClient): Promise<string> {
  const name = subjectOf('resumeRollout');
  await putPlan(api, 'tiny', 2);
  await putTemplate(api, name, ['orders'], { ifNoneMatch: '*' });
  await api.call('createTenant', {
    body: { apiVersion, kind: 'Tenant', metadata: { name }, spec: { plan: 'tiny', template: { name } } },
    idempotencyKey: randomUUID(),
  });
  await putTemplate(api, name, ['orders', 'carts'], { ifMatch: '*' });
  const id = await startRollout(api, 'resumeRollout');
  await until(
    'the roll-out has failed at its tenant',
    async () => (await api.call('getRollout', { params: { id } })).body.state === 'paused',
  );
  return id;
}

/** A reconciliation that is cancelled after one of its steps has touched the cell. No worker runs it. */
async function undoing({ client, store }: Pick<Installation, 'client' | 'store'>, name: string): Promise<string> {
  const { operation } = (
    await client().call('reconcileTenant', { params: { name }, ifMatch: '*', idempotencyKey: randomUUID() })
  ).body;
  assert.ok(operation !== undefined);
  const held = {
    operation: {
      operationId: operation.id,
      kind: operation.kind,
      tenant: operation.tenant,
      requestId: operation.requestId,
      correlationId: operation.correlationId,
    },
    runId: 'a run that has ended',
  };
  const environment = { store, failpoints: { reach: async () => undefined } } as unknown as OperationEnvironment;
  const { fence } = await beginOperation(environment)(held);
  assert.ok(
    await store.stepLeases.intend({ operationId: operation.id, fence, step: 'correct-user', attempt: 'lost' }, 1),
  );
  await turnOperation(environment)({
    ...held,
    fence,
    failure: { to: 'cancelled', code: 'cancelled', message: 'called off' },
  });
  return operation.id;
}

const webhookChanges = [
  'rotateWebhookSecret',
  'testWebhook',
  'enableWebhook',
  'requeueDeliveries',
  'replayEvents',
  'deleteWebhook',
] as const;

/** As if the receiver of a webhook had answered 410. */
async function disableWebhook({ store }: Pick<Installation, 'store'>, name: string): Promise<void> {
  const endpoint = await store.resources.find('WebhookEndpoint', name);
  assert.ok(endpoint !== undefined);
  const progress = await store.webhookProgress.find(endpoint._id);
  assert.ok(progress !== undefined);
  await createJudgeEndpoint({ store })(endpoint, progress, true);
}

/**
 * One change by every route that changes something. Each can be made, none blocks another, and each names the revision
 * that it is based on. The worker is stopped during the preparation, so that an accepted operation stays accepted.
 */
async function prepareChanges(
  installation: Pick<Installation, 'client' | 'store' | 'worker' | 'control' | 'databases'>,
): Promise<ReadonlyMap<RouteId, HttpRequest>> {
  const api = installation.client();
  await declareBasics(api);
  const [resumeRollout] = await Promise.all([preparePaused(api), prepareTenants(api)]);
  await installation.worker.kill('SIGTERM');
  await showCells(installation);

  for (const id of ['startRollout', 'pauseRollout', 'cancelRollout'] as const)
    await putTemplate(api, subjectOf(id), ['orders'], { ifNoneMatch: '*' });
  const { operation } = (
    await api.call('createTenant', {
      body: tenantManifest(subjectOf('cancelOperation'), { lifecycle: 'Active' }),
      idempotencyKey: randomUUID(),
    })
  ).body;
  assert.ok(operation !== undefined);
  const abandoned = await undoing(installation, subjectOf('abandonOperation'));
  const ids: Partial<Record<RouteId, string>> = {
    abandonOperation: abandoned,
    resumeRollout,
    pauseRollout: await startRollout(api, 'pauseRollout'),
    cancelRollout: await startRollout(api, 'cancelRollout'),
    cancelOperation: operation.id,
  };

  await putPlan(api, subjectOf('deletePlan'), 1);
  await putTemplate(api, subjectOf('deleteTemplate'), ['orders'], { ifNoneMatch: '*' });
  for (const id of webhookChanges)
    await api.call('putWebhook', {
      params: { name: subjectOf(id) },
      ifNoneMatch: '*',
      body: {
        apiVersion,
        kind: 'WebhookEndpoint',
        metadata: { name: subjectOf(id) },
        spec: { url: 'http://127.0.0.1:9/hooks' },
      },
    });
  await disableWebhook(installation, subjectOf('enableWebhook'));
  const doomed = subjectOf('deleteRegion');
  await api.call('putRegion', {
    params: { name: doomed },
    ifNoneMatch: '*',
    body: {
      apiVersion,
      kind: 'Region',
      metadata: { name: doomed },
      spec: { jurisdiction: 'EU', cells: [{ name: `${doomed}-a` }] },
    },
  });

  const changes = new Map<RouteId, HttpRequest>();
  for (const id of changingRoutes) {
    const name = subjectOf(id);
    const ofTenant =
      id in ways ? (await api.call('getTenant', { params: { name } })).body.metadata.revision : undefined;
    const revision = ofTenant ?? (routes[id].method === 'DELETE' ? 1 : undefined);
    const precondition: Record<string, string> =
      revision === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${revision}"` };
    const of = ids[id];
    changes.set(
      id,
      requestBy(id, {
        name,
        ...(of === undefined ? {} : { id: of }),
        headers: routes[id].precondition === 'none' ? {} : precondition,
      }),
    );
  }
  return changes;
}

/** Starts an installation in which the changes can be made, with plain HTTP access to its API. */
export async function startWithChanges(): Promise<{
  readonly installation: Installation;
  readonly exchange: Exchange;
  readonly changes: ReadonlyMap<RouteId, HttpRequest>;
}> {
  const installation = await startInstallation(attachToStack());
  try {
    return { installation, exchange: createExchange(installation), changes: await prepareChanges(installation) };
  } catch (error) {
    await installation.stop();
    throw error;
  }
}
