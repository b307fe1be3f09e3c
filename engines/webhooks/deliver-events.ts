import { setTimeout as delay } from 'node:timers/promises';
import { TenureError } from '../../domain/tenure-error.ts';
import { webhookFilter } from '../../domain/webhook-filter.ts';
import type { WebhookFilter } from '../../domain/webhook-filter.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { LoggedEvent } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookDeliveryDocument, WebhookProgressDocument } from '../../store/webhook-documents.ts';
import type { EventFeed, FeedSeat } from '../events/event-feed.ts';
import type { JudgeEndpoint } from './judge-endpoint.ts';
import { waiting } from './send-events.ts';
import type { EventToSend, SendEvents, Sent } from './send-events.ts';
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

interface Taken {
  readonly events: readonly LoggedEvent[];
  /** Everything before this index was examined. */
  readonly readTo: number;
  readonly isEnd: boolean;
}

/**
 * Every event that an endpoint is to get is delivered at least once, or has a delivery of its own before the progress in
 * the log goes past it. A process that dies in between delivers again.
 */
export function createDeliverEvents({ store, feed, keys, send, judge }: DeliverDependencies): DeliverEvents {
  const { webhookProgress, webhookDeliveries } = store;

  async function fitsLabels({ tenant, entry }: LoggedEvent, filter: WebhookFilter): Promise<boolean> {
    if (filter.fitsLabels === undefined || tenant === null) return true;
    const revision = await store.revisions.find(tenant, { time: new Date(entry.time) });
    return filter.fitsLabels(revision?.labels ?? {});
  }

  /** The next events for an endpoint, at most `limit`. */
  async function take(filter: WebhookFilter, seat: FeedSeat, from: number, limit: number): Promise<Taken> {
    const recent = seat.recent(from);
    const { read, readTo, isEnd } =
      recent === undefined
        ? await store.events
            .read(filter.types === undefined ? {} : { types: filter.types }, from, limit)
            .then(({ events, ...rest }) => ({ read: events.map(({ document }) => document), ...rest }))
        : { read: recent, readTo: Math.max(from, seat.end()), isEnd: true };
    const events: LoggedEvent[] = [];
    for (const event of read) {
      if (events.length === limit) return { events, readTo: event.index, isEnd: false };
      const { type, tenant, entry } = event;
      if (!filter.fits({ type, tenant, data: entry.event?.data ?? {} })) continue;
      if (type === 'webhook.tested.v1' || (await fitsLabels(event, filter))) events.push(event);
    }
    return { events, readTo, isEnd };
  }

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

  /** Writes what was sent, so that nothing is lost wherever it ends: what is open first, progress last. */
  async function record(
    { _id: uid, spec }: WebhookEndpointDocument,
    progress: WebhookProgressDocument,
    sent: Sent,
    {
      known,
      kept,
      readTo,
    }: {
      /** The events that had a delivery before. */
      readonly known: ReadonlySet<string>;
      readonly kept: readonly WebhookDeliveryDocument[];
      readonly readTo: number;
    },
  ): Promise<WebhookProgressDocument> {
    const isKnown = ({ _id }: WebhookDeliveryDocument): boolean => known.has(_id.event);
    await webhookDeliveries.keep([...sent.open.filter((delivery) => !isKnown(delivery)), ...kept]);
    await webhookDeliveries.update(sent.open.filter(isKnown));
    await webhookDeliveries.record(sent.attempts);
    const finished = sent.delivered.filter(({ delivery }) => delivery !== undefined);
    if (spec.order === 'tenant') {
      const dead = sent.open.filter(({ state }) => state === 'dead').map(({ tenant }) => tenant);
      for (const tenant of new Set([...finished.map(({ event }) => event.tenant), ...dead]))
        await webhookDeliveries.releaseNext(uid, tenant);
    }
    await webhookDeliveries.done(
      uid,
      finished.map(({ event }) => event.entry.id),
    );
    const now = store.clock.now();
    const hasSucceeded = sent.delivered.length > 0;
    return await webhookProgress.advance(progress, {
      from: Math.max(progress.from, readTo),
      pauseUntil: sent.pauseMs === 0 ? null : new Date(now.getTime() + sent.pauseMs),
      ...(hasSucceeded
        ? { failingSince: null, failures: 0, warnings: 0, lastDeliveryTime: now }
        : sent.failures > 0
          ? { failingSince: progress.failingSince ?? now, failures: progress.failures + sent.failures }
          : {}),
    });
  }

  return async (uid, { signal, forMs }) => {
    const endTime = performance.now() + forMs;
    let seat = await feed.join();
    let [delivered, failed, probedAt] = [0, 0, -probeEveryMs];

    /** Whether there was something to do. */
    async function turn(endpoint: WebhookEndpointDocument, progress: WebhookProgressDocument): Promise<boolean> {
      if (progress.pauseUntil !== null && progress.pauseUntil > store.clock.now()) return false;
      const isBroken = progress.failures >= brokenAfter;
      const due = (await webhookDeliveries.due(uid, batch)).toSorted((a, b) => a.index - b.index);
      const isProbe = isBroken && performance.now() - probedAt >= probeEveryMs;
      const limit = isBroken ? (isProbe ? 1 : 0) : batch;
      const filter = webhookFilter(uid, endpoint.spec);
      const fresh =
        limit === 0
          ? { events: [], readTo: progress.from, isEnd: true }
          : await take(filter, seat, progress.from, limit);
      if (due.length === 0 && fresh.readTo === progress.from) return false;
      if (isProbe && fresh.events.length > 0) probedAt = performance.now();
      const blocked =
        endpoint.spec.order === 'tenant' ? await webhookDeliveries.unfinishedTenants(uid) : new Set<string | null>();
      const kept = fresh.events.filter(({ tenant }) => blocked.has(tenant)).map((event) => waiting(uid, event));
      const toSend = [
        ...(await withEvents(due)),
        ...fresh.events.filter(({ tenant }) => !blocked.has(tenant)).map((event) => ({ event })),
      ];
      const sent = await send(endpoint, toSend.length === 0 ? [] : await keys.signing(uid), toSend, signal);
      const after = await record(endpoint, progress, sent, {
        known: new Set(due.map(({ _id }) => _id.event)),
        kept,
        readTo: fresh.readTo,
      });
      delivered += sent.delivered.length;
      failed += sent.failures;
      await judge(endpoint, after, sent.isGone);
      return !fresh.isEnd || due.length === batch;
    }

    /** Waits for what is to be done next; `grown`: the log has grown. */
    async function wait(grown: Promise<void>): Promise<void> {
      const next = (await webhookDeliveries.nextTime(uid))?.getTime() ?? Infinity;
      const nextMs = Math.max(0, next - store.clock.now().getTime());
      const ms = Math.min(idleMs, nextMs, Math.max(0, endTime - performance.now()));
      const over = new AbortController();
      await Promise.race([
        grown,
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
        if (!hasMore) await wait(grown);
      }
    } finally {
      seat.leave();
    }
  };
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
