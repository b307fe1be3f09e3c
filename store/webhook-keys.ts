import type { Transaction } from './commit.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { WebhookKeyDocument } from './webhook-documents.ts';

/** The keys that sign deliveries. */
export interface WebhookKeyStore {
  /** Those that sign now, the newest first. */
  signing(endpoint: string): Promise<WebhookKeyDocument[]>;
  /** Adds the current key. The others sign until `previousUntil`, or until their earlier end. */
  rotate(tx: Transaction, key: WebhookKeyDocument, previousUntil: Date): Promise<void>;
  removeAll(tx: Transaction, endpoint: string): Promise<void>;
}

/** With its new key, an endpoint has at most so many. */
const maxKeys = 10;

export function createWebhookKeyStore(
  { webhookKeys }: Pick<ControlDatabase, 'webhookKeys'>,
  clock: Pick<ControlClock, 'now'>,
): WebhookKeyStore {
  return {
    signing: (endpoint) =>
      onControl(() =>
        webhookKeys
          .find({ endpoint, $or: [{ expireTime: null }, { expireTime: { $gt: clock.now() } }] })
          .sort({ _id: -1 })
          .limit(maxKeys)
          .toArray(),
      ),
    async rotate(tx, key, previousUntil) {
      const { session } = tx;
      const { endpoint } = key;
      await webhookKeys.updateMany(
        { endpoint, expireTime: null },
        { $set: { expireTime: previousUntil } },
        { session },
      );
      const kept = await webhookKeys
        .find({ endpoint, expireTime: { $gt: tx.time } }, { session, projection: { _id: 1 } })
        .sort({ _id: -1 })
        .limit(maxKeys - 1)
        .toArray();
      await webhookKeys.deleteMany({ endpoint, _id: { $nin: kept.map(({ _id }) => _id) } }, { session });
      await webhookKeys.insertOne(key, { session });
    },
    async removeAll(tx, endpoint) {
      await webhookKeys.deleteMany({ endpoint }, { session: tx.session });
    },
  };
}
