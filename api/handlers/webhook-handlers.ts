import { defaultOverlapSeconds } from '../../contracts/routes/webhook-routes.ts';
import type { WebhookAttempt, WebhookDelivery } from '../../contracts/webhooks.ts';
import { disableAfterMs } from '../../domain/webhook-schedule.ts';
import { stateOf } from '../../engines/webhooks/endpoint-state.ts';
import {
  enableEndpoint,
  replayEvents,
  requeueDeliveries,
  rotateSecret,
  testEndpoint,
} from '../../engines/webhooks/operate-endpoint.ts';
import type { WebhookKeys } from '../../engines/webhooks/webhook-keys.ts';
import type { StartOrDefer } from '../../platform/start-or-defer.ts';
import type { WorkflowStarters } from '../../platform/workflow-starters.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookAttemptDocument, WebhookDeliveryDocument } from '../../store/webhook-documents.ts';
import { absent } from '../authorization.ts';
import type { Authorize } from '../authorization.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { webhookBody } from '../representations.ts';
import { etagOf } from '../request-parsing.ts';
import { listPage } from './list-page.ts';

export interface WebhookHandlerDependencies {
  readonly store: Store;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
  readonly keys: WebhookKeys;
  readonly start: WorkflowStarters['startWebhook'];
  readonly startOrDefer: StartOrDefer;
}

type WebhookHandlers = Pick<
  RouteHandlers,
  | 'rotateWebhookSecret'
  | 'testWebhook'
  | 'enableWebhook'
  | 'requeueDeliveries'
  | 'replayEvents'
  | 'getWebhookHealth'
  | 'listDeliveries'
  | 'listDeliveryAttempts'
>;

function deliveryBody({
  _id,
  tenant,
  type,
  eventTime,
  state,
  attempts,
  nextTime,
  failure,
}: WebhookDeliveryDocument): WebhookDelivery {
  return {
    event: _id.event,
    type,
    ...(tenant === null ? {} : { tenant }),
    eventTime: eventTime.toISOString(),
    state,
    attempts,
    ...(nextTime === null ? {} : { nextTime: nextTime.toISOString() }),
    ...(failure === null ? {} : { failure: { ...failure, time: failure.time.toISOString() } }),
  };
}

function attemptBody({
  _id: id,
  event,
  type,
  tenant,
  number,
  time,
  durationMs,
  outcome,
  status,
  detail,
  excerpt,
}: WebhookAttemptDocument): WebhookAttempt {
  return {
    id,
    event,
    type,
    ...(tenant === null ? {} : { tenant }),
    number,
    time: time.toISOString(),
    durationMs,
    outcome,
    ...(status === undefined ? {} : { status }),
    ...(detail === undefined ? {} : { detail }),
    ...(excerpt === undefined ? {} : { excerpt }),
  };
}

/** What is done with webhooks besides declaring them, and what is known of their deliveries. */
export function webhookHandlers({
  store,
  authorize,
  pageTokens,
  keys,
  start,
  startOrDefer,
}: WebhookHandlerDependencies): WebhookHandlers {
  async function endpointOf(name: string): Promise<WebhookEndpointDocument> {
    const endpoint = await store.resources.find('WebhookEndpoint', name);
    if (endpoint === undefined) throw absent({ kind: 'WebhookEndpoint', name });
    return endpoint;
  }

  const target = (name: string) => ({ kind: 'WebhookEndpoint', name }) as const;

  return {
    async rotateWebhookSecret({ params: { name }, body, caller }) {
      const { policy } = await authorize(caller, 'webhook.rotate_secret', target(name));
      const endpoint = await endpointOf(name);
      const overlapMs = (body?.overlapSeconds ?? defaultOverlapSeconds) * 1000;
      const { key, secret, publicKey, previousUntil } = await rotateSecret(
        { store, keys },
        { caller, policy },
        endpoint,
        overlapMs,
      );
      return {
        status: 200,
        body: {
          key,
          ...(secret === undefined ? {} : { secret }),
          ...(publicKey === undefined ? {} : { publicKey }),
          ...(overlapMs === 0 ? {} : { previousUntil: previousUntil.toISOString() }),
        },
      };
    },
    async testWebhook({ params: { name }, caller, keep }) {
      const { policy } = await authorize(caller, 'webhook.test', target(name));
      const endpoint = await endpointOf(name);
      const reply = (event: string) => ({ status: 200, body: { event } }) as const;
      const event = await testEndpoint(store, { caller, policy }, endpoint, (tx, id) => keep(tx, reply(id)));
      return reply(event);
    },
    async enableWebhook({ params: { name }, caller }) {
      const { policy } = await authorize(caller, 'webhook.enable', target(name));
      const enabled = await enableEndpoint(store, { caller, policy }, await endpointOf(name));
      await startOrDefer('the workflow of a webhook', { webhook: name }, start({ uid: enabled._id, name }));
      return { status: 200, body: webhookBody(enabled), headers: { etag: etagOf(enabled.revision) } };
    },
    async requeueDeliveries({ params: { name }, body, caller }) {
      const { policy } = await authorize(caller, 'webhook.requeue', target(name));
      const endpoint = await endpointOf(name);
      const requeued = await requeueDeliveries(store, { caller, policy }, endpoint, body?.events);
      return { status: 200, body: { requeued } };
    },
    async replayEvents({ params: { name }, body: { since, until }, caller }) {
      const { policy } = await authorize(caller, 'webhook.replay', target(name));
      const range = { since: new Date(since), until: until === undefined ? undefined : new Date(until) };
      const entries = await replayEvents(store, { caller, policy }, await endpointOf(name), range);
      return { status: 200, body: { entries } };
    },
    async getWebhookHealth({ params: { name }, caller }) {
      await authorize(caller, 'webhook.get', target(name));
      const endpoint = await endpointOf(name);
      const { _id: uid } = endpoint;
      const [progress, size, counts, signing] = await Promise.all([
        store.webhookProgress.find(uid),
        store.log.size(),
        store.webhookDeliveries.counts(uid),
        store.webhookKeys.signing(uid),
      ]);
      const { from = size, replay = null, lastDeliveryTime = null, failingSince = null } = progress ?? {};
      const state = stateOf(endpoint);
      return {
        status: 200,
        body: {
          webhook: name,
          state: state === 'removed' ? 'disabled' : state,
          behind: Math.max(0, size - from),
          replaying: replay === null ? 0 : replay.to - replay.at,
          ...counts,
          ...(lastDeliveryTime === null ? {} : { lastDeliveryTime: lastDeliveryTime.toISOString() }),
          ...(failingSince === null
            ? {}
            : {
                failingSince: failingSince.toISOString(),
                disableTime: new Date(failingSince.getTime() + disableAfterMs).toISOString(),
              }),
          keys: signing.map(({ _id: id, createTime, expireTime, publicKey }) => ({
            id,
            createTime: createTime.toISOString(),
            ...(expireTime === null ? {} : { expireTime: expireTime.toISOString() }),
            ...(publicKey === undefined ? {} : { publicKey }),
          })),
        },
      };
    },
    async listDeliveries({ params: { name }, query, caller }) {
      await authorize(caller, 'webhook.get', target(name));
      const { _id: uid } = await endpointOf(name);
      const { state } = query;
      const body = await listPage(
        pageTokens,
        'deliveries',
        query,
        { uid, state: state ?? null },
        {
          read: (after, limit) => ({ documents: store.webhookDeliveries.scan(uid, { state, after, limit }) }),
          positionOf: ({ _id }) => _id.event,
          show: deliveryBody,
        },
      );
      return { status: 200, body };
    },
    async listDeliveryAttempts({ params: { name }, query, caller }) {
      await authorize(caller, 'webhook.get', target(name));
      const { _id: uid } = await endpointOf(name);
      const { event } = query;
      const body = await listPage(
        pageTokens,
        'attempts',
        query,
        { uid, event: event ?? null },
        {
          read: (before, limit) => ({ documents: store.webhookDeliveries.attempts(uid, { event, before, limit }) }),
          positionOf: ({ _id }) => _id,
          show: attemptBody,
        },
      );
      return { status: 200, body };
    },
  };
}
