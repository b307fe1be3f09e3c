import type { Filter } from 'mongodb';
import type { DeliveryState } from '../contracts/webhooks.ts';
import { deliveryStates } from '../contracts/webhooks.ts';
import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { readSized } from './reading.ts';
import type { Sized } from './reading.ts';
import type { WebhookAttemptDocument, WebhookDeliveryDocument } from './webhook-documents.ts';

export type DeliveryCounts = Record<DeliveryState, number>;

export interface DeliveryPage {
  readonly state?: DeliveryState | undefined;
  /** Event ids after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface AttemptPage {
  /** Only of this event. */
  readonly event?: string | undefined;
  /** Attempts before this one. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Events that wait to be sent again, and the attempts that were made. */
export interface WebhookDeliveryStore {
  /** Those whose time has come, the longest overdue first. */
  due(endpoint: string, limit: number): Promise<WebhookDeliveryDocument[]>;
  /** When the next one is due. */
  nextTime(endpoint: string): Promise<Date | undefined>;
  /** The tenants whose events wait for an earlier one; null: events that concern no single tenant. */
  unfinishedTenants(endpoint: string): Promise<Set<string | null>>;
  /** Lets dead deliveries be sent again, with all their attempts: those of these events, or all. Returns how many. */
  requeue(tx: Transaction, endpoint: string, events: readonly string[] | undefined): Promise<number>;
  removeAll(tx: Transaction, endpoint: string): Promise<void>;
  counts(endpoint: string): Promise<DeliveryCounts>;
  /** By event, the oldest first. */
  scan(endpoint: string, page: DeliveryPage): AsyncIterable<Sized<WebhookDeliveryDocument>>;
  record(attempts: readonly WebhookAttemptDocument[]): Promise<void>;
  /** The newest first. */
  attempts(endpoint: string, page: AttemptPage): AsyncIterable<Sized<WebhookAttemptDocument>>;
}

/** Counting more would take too long for an answer. */
const maxCounted = 100_000;

export function createWebhookDeliveryStore(
  { webhookDeliveries, webhookAttempts }: Pick<ControlDatabase, 'webhookDeliveries' | 'webhookAttempts'>,
  clock: Pick<ControlClock, 'now'>,
): WebhookDeliveryStore {
  const ofEndpoint = (endpoint: string): Filter<WebhookDeliveryDocument> => ({ '_id.endpoint': endpoint });

  return {
    due: (endpoint, limit) =>
      onControl(() =>
        webhookDeliveries
          .find({ ...ofEndpoint(endpoint), state: 'retrying', nextTime: { $lte: clock.now() } })
          .sort({ nextTime: 1 })
          .limit(limit)
          .toArray(),
      ),
    async nextTime(endpoint) {
      const next = await onControl(() =>
        webhookDeliveries.findOne(
          { ...ofEndpoint(endpoint), state: 'retrying' },
          { sort: { nextTime: 1 }, projection: { nextTime: 1 } },
        ),
      );
      return next?.nextTime ?? undefined;
    },
    async unfinishedTenants(endpoint) {
      const found = await onControl(() =>
        webhookDeliveries
          .aggregate<{ _id: string | null }>([
            { $match: { ...ofEndpoint(endpoint), state: { $in: ['retrying', 'waiting'] } } },
            { $group: { _id: '$tenant' } },
          ])
          .toArray(),
      );
      return new Set(found.map(({ _id }) => _id));
    },
    async requeue(tx, endpoint, events) {
      const { modifiedCount } = await webhookDeliveries.updateMany(
        {
          ...(events === undefined
            ? ofEndpoint(endpoint)
            : { _id: { $in: events.map((event) => ({ endpoint, event })) } }),
          state: 'dead',
        },
        { $set: { state: 'retrying', attempts: 0, nextTime: tx.time } },
        { session: tx.session },
      );
      return modifiedCount;
    },
    async removeAll(tx, endpoint) {
      await webhookDeliveries.deleteMany(ofEndpoint(endpoint), { session: tx.session });
    },
    async counts(endpoint) {
      const count = (state: DeliveryState): Promise<number> =>
        onControl(() => webhookDeliveries.countDocuments({ ...ofEndpoint(endpoint), state }, { limit: maxCounted }));
      const counted = await Promise.all(deliveryStates.map(async (state) => [state, await count(state)] as const));
      return Object.fromEntries(counted) as DeliveryCounts;
    },
    scan: (endpoint, { state, after, limit }) =>
      readSized(
        webhookDeliveries,
        {
          ...ofEndpoint(endpoint),
          ...(after === undefined ? {} : { '_id.event': { $gt: after } }),
          ...(state === undefined ? {} : { state }),
        },
        { sort: { '_id.endpoint': 1, '_id.event': 1 }, limit },
      ),
    async record(attempts) {
      if (attempts.length > 0) await onControl(() => webhookAttempts.insertMany([...attempts], { ordered: false }));
    },
    attempts: (endpoint, { event, before, limit }) =>
      readSized(
        webhookAttempts,
        {
          endpoint,
          ...(event === undefined ? {} : { event }),
          ...(before === undefined ? {} : { _id: { $lt: before } }),
        },
        { sort: { _id: -1 }, limit },
      ),
  };
}
