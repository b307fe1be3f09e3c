import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import type { ControlClock } from './control-clock.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import { inTransaction } from './transaction.ts';
import type { WebhookDeliveryDocument, WebhookProgressDocument } from './webhook-documents.ts';

/** What one turn at an endpoint has done. */
export interface WebhookTurn {
  /** As it was read before. */
  readonly progress: Pick<WebhookProgressDocument, '_id' | 'turn'>;
  readonly advance: Partial<
    Pick<
      WebhookProgressDocument,
      'from' | 'replay' | 'failingSince' | 'failures' | 'warnings' | 'pauseUntil' | 'lastDeliveryTime'
    >
  >;
  /** Events that were taken from the log and are not delivered. Those that are kept already stay as they are. */
  readonly kept?: readonly WebhookDeliveryDocument[];
  /** Deliveries that an attempt has changed. */
  readonly changed?: readonly WebhookDeliveryDocument[];
  /** Events whose deliveries are removed. */
  readonly finished?: readonly string[];
  /** Tenants whose next event may be sent, if it waits. */
  readonly released?: readonly (string | null)[];
}

/**
 * Records a turn, all of it or nothing: of two processes that are at an endpoint at the same time, one is refused.
 * @throws TenureError fenced, if another turn was recorded since the progress was read; control_unavailable
 */
export type RecordTurn = (turn: WebhookTurn) => Promise<WebhookProgressDocument>;

export function createRecordTurn(
  database: Pick<ControlDatabase, 'client' | 'resources' | 'webhookProgress' | 'webhookDeliveries'>,
  clock: Pick<ControlClock, 'now'>,
): RecordTurn {
  const { webhookProgress, webhookDeliveries } = database;

  async function advanceProgress(
    { progress: { _id, turn }, advance }: WebhookTurn,
    session?: ClientSession,
  ): Promise<WebhookProgressDocument> {
    const after = await webhookProgress.findOneAndUpdate(
      { _id, turn },
      { $set: { ...advance, attendTime: clock.now() }, $inc: { turn: 1 } },
      { returnDocument: 'after', ...(session === undefined ? {} : { session }) },
    );
    if (after === null) throw new TenureError('fenced', `another worker delivers to endpoint ${_id}`);
    return after;
  }

  async function release(endpoint: string, tenant: string | null, session: ClientSession): Promise<void> {
    const head = await webhookDeliveries.findOne(
      { '_id.endpoint': endpoint, tenant, state: { $in: ['retrying', 'waiting'] } },
      { sort: { index: 1 }, projection: { _id: 1 }, session },
    );
    if (head !== null)
      await webhookDeliveries.updateOne(
        { _id: head._id, state: 'waiting' },
        { $set: { state: 'retrying', nextTime: clock.now() } },
        { session },
      );
  }

  return (turn) => {
    const { progress, kept = [], changed = [], finished = [], released = [] } = turn;
    const { _id: endpoint } = progress;
    const writes: AnyBulkWriteOperation<WebhookDeliveryDocument>[] = [
      ...kept.map(({ _id, ...fields }) => ({
        updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true },
      })),
      ...changed.map(({ _id, ...fields }) => ({ updateOne: { filter: { _id }, update: { $set: fields } } })),
      ...(finished.length === 0
        ? []
        : [{ deleteMany: { filter: { _id: { $in: finished.map((event) => ({ endpoint, event })) } } } }]),
    ];
    return onControl(async () => {
      if (writes.length === 0 && released.length === 0) return await advanceProgress(turn);
      return await inTransaction(database, async (session) => {
        const after = await advanceProgress(turn, session);
        if (writes.length > 0) await webhookDeliveries.bulkWrite(writes, { session });
        for (const tenant of released) await release(endpoint, tenant, session);
        return after;
      });
    });
  };
}
