import { Worker } from '@temporalio/worker';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { withHeartbeats } from '../activities/heartbeats.ts';
import { createWebhookActivities } from '../activities/webhook-activities.ts';
import { webhookTaskQueue } from '../domain/workflow-inputs.ts';
import { createEventFeed } from '../engines/events/event-feed.ts';
import type { KeyProvider } from '../engines/keys/key-provider.ts';
import type { AddressGuard } from '../engines/webhooks/address-guard.ts';
import { createDeliverEvents } from '../engines/webhooks/deliver-events.ts';
import { createGuardedAgent } from '../engines/webhooks/guarded-agent.ts';
import { createJudgeEndpoint } from '../engines/webhooks/judge-endpoint.ts';
import { postEvent } from '../engines/webhooks/post-event.ts';
import { createSendEvents } from '../engines/webhooks/send-events.ts';
import { createWebhookKeys } from '../engines/webhooks/webhook-keys.ts';
import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Store } from '../store/store.ts';

/** As Standard Webhooks 1.0.0 recommends. */
const postTimeoutMs = 15_000;
/** Each endpoint that gets events takes one place. */
const maxEndpoints = 500;

export interface WebhookWorkerOptions extends Pick<WorkerOptions, 'namespace' | 'dataConverter'> {
  readonly connection: NativeConnection;
  readonly taskQueue: string;
  readonly store: Store;
  readonly keyProvider: KeyProvider;
  readonly guard: AddressGuard;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'webhookAttempts'>;
  readonly stopping: AbortSignal;
}

/** The part of a worker that delivers events to webhooks. */
export async function createWebhookWorker({
  taskQueue,
  store,
  keyProvider,
  guard,
  logger,
  metrics,
  stopping,
  ...options
}: WebhookWorkerOptions): Promise<Worker> {
  const agent = createGuardedAgent(guard);
  const deliver = createDeliverEvents({
    store,
    feed: createEventFeed({ events: store.events, logger, stopping }),
    keys: createWebhookKeys({ store, keyProvider }),
    send: createSendEvents({
      store,
      post: (post, signal) => postEvent(post, { agent, timeoutMs: postTimeoutMs, signal }),
      observe: (outcome, seconds) => metrics.webhookAttempts.observe({ outcome }, seconds),
    }),
    judge: createJudgeEndpoint({ store }),
  });
  return await Worker.create({
    ...options,
    taskQueue: webhookTaskQueue(taskQueue),
    activities: withHeartbeats(createWebhookActivities({ deliver, logger })),
    maxConcurrentActivityTaskExecutions: maxEndpoints,
    // What is being sent ends within the time-out of a request.
    shutdownGraceTime: '1s',
    maxHeartbeatThrottleInterval: '2s',
  });
}
