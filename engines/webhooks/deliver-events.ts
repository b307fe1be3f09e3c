import { setTimeout as delay } from 'node:timers/promises';
import { TenureError } from '../../domain/tenure-error.ts';
import { webhookFilter } from '../../domain/webhook-filter.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookDeliveryDocument, WebhookProgressDocument } from '../../store/webhook-documents.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { JudgeEndpoint } from './judge-endpoint.ts';
import { createRecordSent } from './record-sent.ts';
import { waiting } from './send-events.ts';
import type { EventToSend, SendEvents } from './send-events.ts';
import { createTakeEvents } from './take-events.ts';
import type { Taken } from './take-events.ts';
import type { WebhookKeys } from './webhook-keys.ts';

/** What became of the endpoint while events were delivered to it. */
export interface DeliveryRun {
  readonly state: 'sending' | 'paused' | 'disabled' | 'removed';
  readonly delivered: number;
  readonly failed: number;
}

export interface DeliverDependencies {
  readonly store: Pick<Store, 'resources' | 'revisions' | 'events' | 'webhookProgress' | 'webhookDeliveries' | 'clock'>;
  readonly feed: EventFeed;
  readonly keys: Pick<WebhookKeys, 'signing'>;
  readonly send: SendEvents;
  readonly judge: JudgeEndpoint;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** It ends at the first opportunity after this time. */
  readonly forMs: number;
}

/** Delivers events to an endpoint until it is over with it, or its time is. @throws the reason of the signal */
export type DeliverEvents = (uid: string, options: RunOptions) => Promise<DeliveryRun>;

const batch = 100;
/** What changes an endpoint is seen after this time at the latest. */
const idleMs = 5_000;
/**
 * After so many failures without a success, new events stay in the log, and one in a while shows whether the receiver is
 * back.
 */
const brokenAfter = 20;
const probeEveryMs = 60_000;

/**
 * Every event that an endpoint is to get is delivered at least once, or has a delivery of its own before the progress in
 * the log goes past it. A process that dies in between delivers again.
 */
export function createDeliverEvents({ store, feed, keys, send, judge }: DeliverDependencies): DeliverEvents {
  const { webhookProgress, webhookDeliveries } = store;
  const take = createTakeEvents(store);
  const record = createRecordSent(store);

  async function withEvents(deliveries: readonly WebhookDeliveryDocument[]): Promise<EventToSend[]> {
    return await Promise.all(
      deliveries.map(async (delivery) => {
        const event = await store.events.find(delivery._id.event);
        if (event === undefined)
          throw new TenureError('ledger_damaged', `event ${delivery._id.event} is to be delivered, but not in the log`);
        return { event, delivery };
      }),
    );
  }

  return async (uid, { signal, forMs }) => {
    const endTime = performance.now() + forMs;
    let seat = await feed.join();
    let [delivered, failed, probedAt] = [0, 0, -probeEveryMs];

    /** How many new events may be sent now. */
    function allowed({ spec }: WebhookEndpointDocument, { failures, replay }: WebhookProgressDocument): number {
      if (failures >= brokenAfter) return performance.now() - probedAt >= probeEveryMs ? 1 : 0;
      // In order, what is sent again comes first.
      return replay !== null && spec.order === 'tenant' ? 0 : batch;
    }

    /** Whether there is more to do at once. */
    async function turn(endpoint: WebhookEndpointDocument, progress: WebhookProgressDocument): Promise<boolean> {
      if (pauseLeft(progress) > 0) return false;
      const isBroken = progress.failures >= brokenAfter;
      const filter = webhookFilter(uid, endpoint.spec);
      const nothing: Taken = { events: [], readTo: progress.from, isEnd: true };

      const due = (await webhookDeliveries.due(uid, batch)).toSorted((a, b) => a.index - b.index);
      const limit = allowed(endpoint, progress);
      const fresh = limit === 0 ? nothing : await take(filter, seat, { from: progress.from }, limit);
      const again =
        progress.replay === null || isBroken
          ? undefined
          : await take(filter, seat, { from: progress.replay.at, to: progress.replay.to }, batch);
      if (due.length === 0 && fresh.readTo === progress.from && again === undefined) return false;
      if (isBroken && fresh.events.length > 0) probedAt = performance.now();

      const blocked =
        endpoint.spec.order === 'tenant' ? await webhookDeliveries.unfinishedTenants(uid) : new Set<string | null>();
      const toSend: EventToSend[] = [
        ...(await withEvents(due)),
        ...(again?.events ?? []).map((event) => ({ event })),
        ...fresh.events.filter(({ tenant }) => !blocked.has(tenant)).map((event) => ({ event })),
      ];
      const sent = await send(endpoint, toSend.length === 0 ? [] : await keys.signing(uid), toSend, signal);
      const after = await record({
        endpoint,
        progress,
        sent,
        known: new Set(due.map(({ _id }) => _id.event)),
        kept: fresh.events.filter(({ tenant }) => blocked.has(tenant)).map((event) => waiting(uid, event)),
        readTo: fresh.readTo,
        replay: again === undefined ? progress.replay : leftOf(progress.replay, again),
      });
      delivered += sent.delivered.length;
      failed += sent.failures;
      await judge(endpoint, after, sent.isGone);
      return !fresh.isEnd || due.length === batch || after.replay !== null;
    }

    const pauseLeft = ({ pauseUntil }: WebhookProgressDocument): number =>
      pauseUntil === null ? 0 : pauseUntil.getTime() - store.clock.now().getTime();

    /** Waits for what is to be done next; `grown`: the log has grown. */
    async function wait(progress: WebhookProgressDocument, grown: Promise<void>): Promise<void> {
      const next = (await webhookDeliveries.nextTime(uid))?.getTime() ?? Infinity;
      const nextMs = Math.max(pauseLeft(progress), next - store.clock.now().getTime(), 0);
      const ms = Math.min(idleMs, nextMs, Math.max(0, endTime - performance.now()));
      const over = new AbortController();
      await Promise.race([
        pauseLeft(progress) > 0 ? new Promise<never>(() => undefined) : grown,
        delay(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined),
      ]);
      over.abort();
    }

    try {
      for (;;) {
        signal.throwIfAborted();
        const endpoint = await store.resources.findByUid('WebhookEndpoint', uid);
        const state = stateOf(endpoint);
        if (endpoint === undefined || state !== 'sending') return { state, delivered, failed };
        const progress = await webhookProgress.attend(uid);
        if (progress === undefined) return { state: 'removed', delivered, failed };
        if (seat.hasEnded()) seat = await feed.join();
        // Asked before the log is read, so that nothing that comes meanwhile is waited for.
        const grown = seat.grown();
        const hasMore = await turn(endpoint, progress).catch(continueIfFenced);
        if (performance.now() >= endTime) return { state, delivered, failed };
        if (!hasMore) await wait(progress, grown);
      }
    } finally {
      seat.leave();
    }
  };
}

/** What is left of a part that is sent again. */
function leftOf(replay: WebhookProgressDocument['replay'], { readTo }: Taken): WebhookProgressDocument['replay'] {
  return replay === null || readTo >= replay.to ? null : { at: readTo, to: replay.to };
}

/** Another worker has delivered meanwhile; what it has written is read again. */
function continueIfFenced(error: unknown): true {
  if (error instanceof TenureError && error.code === 'fenced') return true;
  throw error;
}

/** What an endpoint is doing, as declared and judged. */
export function stateOf(endpoint: WebhookEndpointDocument | undefined): DeliveryRun['state'] {
  if (endpoint === undefined) return 'removed';
  if (endpoint.disabled !== null) return 'disabled';
  return endpoint.spec.enabled ? 'sending' : 'paused';
}
