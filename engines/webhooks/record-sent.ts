import type { WebhookEndpointDocument } from '../../store/documents.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookDeliveryDocument, WebhookProgressDocument } from '../../store/webhook-documents.ts';
import type { Sent } from './send-events.ts';

/** What a turn was about. */
export interface Turn {
  readonly endpoint: WebhookEndpointDocument;
  /** As it was read before. */
  readonly progress: WebhookProgressDocument;
  readonly sent: Sent;
  /** The events that had a delivery before. */
  readonly known: ReadonlySet<string>;
  /** Events that wait for earlier ones. */
  readonly kept: readonly WebhookDeliveryDocument[];
  /** Everything before this index of the log was examined. */
  readonly readTo: number;
  /** What is left to be sent again. */
  readonly replay: WebhookProgressDocument['replay'];
}

/**
 * Writes what a turn has done, so that nothing is lost wherever it ends: what is open first, progress last.
 * @throws TenureError fenced, if another turn was recorded since the progress was read; control_unavailable
 */
export type RecordSent = (turn: Turn) => Promise<WebhookProgressDocument>;

export function createRecordSent({
  webhookDeliveries,
  webhookProgress,
  clock,
}: Pick<Store, 'webhookDeliveries' | 'webhookProgress' | 'clock'>): RecordSent {
  async function recordDeliveries({ endpoint: { _id: uid, spec }, progress, sent, known, kept }: Turn): Promise<void> {
    const isKnown = ({ _id }: WebhookDeliveryDocument): boolean => known.has(_id.event);
    await webhookDeliveries.keep([...sent.open.filter((delivery) => !isKnown(delivery)), ...kept]);
    await webhookDeliveries.update(sent.open.filter(isKnown));
    // What is replayed may have a delivery of which this turn knows nothing.
    const finished =
      progress.replay === null ? sent.delivered.filter(({ delivery }) => delivery !== undefined) : sent.delivered;
    if (spec.order === 'tenant') {
      const dead = sent.open.filter(({ state }) => state === 'dead').map(({ tenant }) => tenant);
      for (const tenant of new Set([...finished.map(({ event }) => event.tenant), ...dead]))
        await webhookDeliveries.releaseNext(uid, tenant);
    }
    await webhookDeliveries.done(
      uid,
      finished.map(({ event }) => event.entry.id),
    );
  }

  function healthAfter(
    progress: WebhookProgressDocument,
    { delivered, failures }: Sent,
    now: Date,
  ): Partial<WebhookProgressDocument> {
    if (delivered.length > 0) return { failingSince: null, failures: 0, warnings: 0, lastDeliveryTime: now };
    if (failures === 0) return {};
    return { failingSince: progress.failingSince ?? now, failures: progress.failures + failures };
  }

  return async (turn) => {
    const { progress, sent, readTo, replay } = turn;
    await recordDeliveries(turn);
    const now = clock.now();
    const advanced = webhookProgress.advance(progress, {
      from: Math.max(progress.from, readTo),
      replay,
      pauseUntil: sent.pauseMs === 0 ? null : new Date(now.getTime() + sent.pauseMs),
      ...healthAfter(progress, sent, now),
    });
    // Attempts are observations: it does not matter which of the two is written first.
    const [after] = await Promise.all([advanced, webhookDeliveries.record(sent.attempts)]);
    return after;
  };
}
