import { setTimeout as delay } from 'node:timers/promises';
import { TenureError } from '../../domain/tenure-error.ts';
import { webhookFilter } from '../../domain/webhook-filter.ts';
import type { WebhookFilter } from '../../domain/webhook-filter.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookDeliveryDocument, WebhookProgressDocument } from '../../store/webhook-documents.ts';
import type { EventFeed } from '../events/event-feed.ts';
import type { JudgeEndpoint } from './judge-endpoint.ts';
import { stateOf } from './endpoint-state.ts';
import type { EndpointState } from './endpoint-state.ts';
import { createRecordSent } from './record-sent.ts';
import { waiting } from './send-events.ts';
import type { EventToSend, SendEvents } from './send-events.ts';
import { createTakeEvents } from './take-events.ts';
import type { Taken } from './take-events.ts';
import type { SigningKey } from './signature.ts';
import type { WebhookKeys } from './webhook-keys.ts';

/** What became of the endpoint while events were delivered to it. */
export interface DeliveryRun {
  readonly state: EndpointState;
  readonly delivered: number;
  readonly failed: number;
}

export interface DeliverDependencies {
  readonly store: Pick<
    Store,
    'resources' | 'revisions' | 'events' | 'webhookProgress' | 'webhookDeliveries' | 'recordWebhookTurn' | 'clock'
  >;
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
/** It looks again after this time at the latest. */
const idleMs = 5_000;
/**
 * After so many failures without a success, new events stay in the log, and one in a while shows whether the receiver is
 * back.
 */
const brokenAfter = 20;
const probeEveryMs = 60_000;
/** What is known of an endpoint is read again after this time: its declaration, its keys, and what others have changed. */
const lookEveryMs = 1_000;
/** Progress past events that are not for the endpoint is written so often. */
const saveEveryMs = 1_000;

/** What is known of an endpoint that gets events. */
interface View {
  readonly endpoint: WebhookEndpointDocument;
  readonly filter: WebhookFilter;
  readonly keys: readonly SigningKey[];
  readonly progress: WebhookProgressDocument;
  /** When the next delivery is due. */
  readonly nextTime: Date | undefined;
  readonly lookTime: number;
  /** The end of the log when it was read. */
  readonly logEnd: number;
}

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

  async function look(uid: string, logEnd: number): Promise<View | Exclude<EndpointState, 'sending'>> {
    const endpoint = await store.resources.findByUid('WebhookEndpoint', uid);
    const state = stateOf(endpoint);
    if (endpoint === undefined || state !== 'sending') return state === 'sending' ? 'removed' : state;
    const progress = await webhookProgress.attend(uid);
    if (progress === undefined) return 'removed';
    return {
      endpoint,
      filter: webhookFilter(uid, endpoint.spec),
      keys: await keys.signing(uid),
      progress,
      nextTime: await webhookDeliveries.nextTime(uid),
      lookTime: performance.now(),
      logEnd,
    };
  }

  return async (uid, { signal, forMs }) => {
    const endTime = performance.now() + forMs;
    let seat = await feed.join();
    let view: View | undefined;
    let [delivered, failed] = [0, 0];
    let [probedAt, savedAt] = [-probeEveryMs, -saveEveryMs];

    /** How many new events may be sent now. */
    function allowed({ endpoint: { spec }, progress: { failures, replay } }: View): number {
      if (failures >= brokenAfter) return performance.now() - probedAt >= probeEveryMs ? 1 : 0;
      // In order, what is sent again comes first.
      return replay !== null && spec.order === 'tenant' ? 0 : batch;
    }

    /** What is known after it; undefined: it must be read again. And whether there is more to do at once. */
    async function turn(seen: View): Promise<{ readonly next: View | undefined; readonly hasMore: boolean }> {
      const { endpoint, filter, progress } = seen;
      if (pauseLeft(progress) > 0) return { next: seen, hasMore: false };
      const isBroken = progress.failures >= brokenAfter;
      const nothing: Taken = { events: [], readTo: progress.from, isEnd: true };

      const wasDue = isDue(seen);
      const due = wasDue ? (await webhookDeliveries.due(uid, batch)).toSorted((a, b) => a.index - b.index) : [];
      const limit = allowed(seen);
      const fresh = limit === 0 ? nothing : await take(filter, seat, { from: progress.from }, limit);
      const again =
        progress.replay === null || isBroken
          ? undefined
          : await take(filter, seat, { from: progress.replay.at, to: progress.replay.to }, batch);
      if (due.length === 0 && fresh.events.length === 0 && again === undefined) {
        // Somebody else has sent what was due.
        if (wasDue) return { next: undefined, hasMore: true };
        if (fresh.readTo === progress.from) return { next: seen, hasMore: false };
        if (performance.now() - savedAt < saveEveryMs)
          return { next: { ...seen, progress: { ...progress, from: fresh.readTo } }, hasMore: !fresh.isEnd };
      }
      if (isBroken && fresh.events.length > 0) probedAt = performance.now();

      const blocked =
        endpoint.spec.order === 'tenant' ? await webhookDeliveries.unfinishedTenants(uid) : new Set<string | null>();
      const toSend: EventToSend[] = [
        ...(await withEvents(due)),
        ...(again?.events ?? []).map((event) => ({ event })),
        ...fresh.events.filter(({ tenant }) => !blocked.has(tenant)).map((event) => ({ event })),
      ];
      const sent = await send(endpoint, seen.keys, toSend, signal);
      const after = await record({
        endpoint,
        progress,
        sent,
        held: fresh.events.filter(({ tenant }) => blocked.has(tenant)).map((event) => waiting(uid, event)),
        readTo: fresh.readTo,
        replay: again === undefined ? progress.replay : leftOf(progress.replay, again),
      });
      savedAt = performance.now();
      delivered += sent.delivered.length;
      failed += sent.failures;
      const hasMore = !fresh.isEnd || due.length === batch || after.replay !== null;
      if (sent.isGone || after.failingSince !== null) {
        await judge(endpoint, after, sent.isGone);
        return { next: undefined, hasMore };
      }
      const isChanged = wasDue || sent.kept.length > 0;
      return {
        next: { ...seen, progress: after, nextTime: isChanged ? await webhookDeliveries.nextTime(uid) : seen.nextTime },
        hasMore,
      };
    }

    const isDue = ({ nextTime }: View): boolean => nextTime !== undefined && nextTime <= store.clock.now();
    const pauseLeft = ({ pauseUntil }: WebhookProgressDocument): number =>
      pauseUntil === null ? 0 : pauseUntil.getTime() - store.clock.now().getTime();

    /** Waits for what is to be done next; `grown`: the log has grown; `over` ends the rest of the waiting. */
    async function wait(
      { nextTime, progress, lookTime, logEnd }: View,
      grown: Promise<void>,
      over: AbortSignal,
    ): Promise<void> {
      const dueMs = (nextTime?.getTime() ?? Infinity) - store.clock.now().getTime();
      // What is in the log since then may have changed what is known.
      const lookMs = seat.end() > logEnd ? lookTime + lookEveryMs - performance.now() : idleMs;
      const ms = Math.min(
        Math.max(lookMs, 0),
        Math.max(pauseLeft(progress), dueMs, 0),
        Math.max(0, endTime - performance.now()),
      );
      const isHeld = pauseLeft(progress) > 0 || progress.failures >= brokenAfter;
      await Promise.race([
        isHeld ? new Promise<never>(() => undefined) : grown,
        delay(ms, undefined, { signal: AbortSignal.any([signal, over]) }).catch(() => undefined),
      ]);
    }

    try {
      for (;;) {
        signal.throwIfAborted();
        if (view === undefined || performance.now() - view.lookTime >= lookEveryMs) {
          const seen = await look(uid, seat.end());
          if (typeof seen === 'string') return { state: seen, delivered, failed };
          view = seen;
        }
        const seen = view;
        if (seat.hasEnded()) seat = await feed.join();
        // Asked before the log is read, so that nothing that comes meanwhile is waited for.
        const over = new AbortController();
        const grown = seat.grown(over.signal);
        try {
          const { next, hasMore } = await turn(seen).catch(lookAgainIfFenced);
          view = next;
          if (performance.now() >= endTime) return { state: 'sending', delivered, failed };
          if (next !== undefined && !hasMore) await wait(next, grown, over.signal);
        } finally {
          over.abort();
        }
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
function lookAgainIfFenced(error: unknown): { readonly next: undefined; readonly hasMore: true } {
  if (error instanceof TenureError && error.code === 'fenced') return { next: undefined, hasMore: true };
  throw error;
}
