import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { WebhookProgressDocument } from './webhook-documents.ts';

/** How far the deliveries to endpoints are. */
export interface WebhookProgressStore {
  /** Begins at an index of the log. */
  begin(tx: Transaction, endpoint: string, from: number): Promise<void>;
  /**
   * Forgets earlier failures, whatever a turn that is under way has seen: the endpoint gets all the time that a new one
   * has.
   */
  forgive(tx: Transaction, endpoint: string): Promise<void>;
  /** Lets the events from an index on, before another, be sent again, besides those of an earlier call that are left. */
  replay(tx: Transaction, endpoint: string, at: number, to: number): Promise<void>;
  remove(tx: Transaction, endpoint: string): Promise<void>;
  find(endpoint: string): Promise<WebhookProgressDocument | undefined>;
  /** The same, and records that a worker is at it. */
  attend(endpoint: string): Promise<WebhookProgressDocument | undefined>;
  /** Those of these endpoints that no worker has been at for this long. */
  unattended(endpoints: readonly string[], idleMs: number): Promise<Set<string>>;
}

const healthy = { failingSince: null, failures: 0, warnings: 0, pauseUntil: null } as const;

export function createWebhookProgressStore(
  { webhookProgress }: Pick<ControlDatabase, 'webhookProgress'>,
  clock: Pick<ControlClock, 'now'>,
): WebhookProgressStore {
  return {
    async begin(tx, endpoint, from) {
      await webhookProgress.insertOne(
        { _id: endpoint, from, turn: 0, replay: null, ...healthy, lastDeliveryTime: null, attendTime: new Date(0) },
        { session: tx.session },
      );
    },
    async forgive(tx, endpoint) {
      await webhookProgress.updateOne({ _id: endpoint }, { $set: healthy, $inc: { turn: 1 } }, { session: tx.session });
    },
    async replay(tx, endpoint, at, to) {
      // A turn that is under way did not know of it, so it must not be recorded.
      const union = { at: { $min: ['$replay.at', at] }, to: { $max: ['$replay.to', to] } };
      await webhookProgress.updateOne({ _id: endpoint }, [{ $set: { replay: union, turn: { $add: ['$turn', 1] } } }], {
        session: tx.session,
      });
    },
    async remove(tx, endpoint) {
      await webhookProgress.deleteOne({ _id: endpoint }, { session: tx.session });
    },
    async find(endpoint) {
      return (await onControl(() => webhookProgress.findOne({ _id: endpoint }))) ?? undefined;
    },
    async attend(endpoint) {
      const found = await onControl(() =>
        webhookProgress.findOneAndUpdate(
          { _id: endpoint },
          { $set: { attendTime: clock.now() } },
          { returnDocument: 'after' },
        ),
      );
      return found ?? undefined;
    },
    async unattended(endpoints, idleMs) {
      const since = new Date(clock.now().getTime() - idleMs);
      const found = await onControl(() =>
        webhookProgress
          .find({ _id: { $in: [...endpoints] }, attendTime: { $lt: since } }, { projection: { _id: 1 } })
          .toArray(),
      );
      return new Set(found.map(({ _id }) => _id));
    },
  };
}
