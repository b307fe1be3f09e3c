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
  /** Events that were not sent, because they wait for earlier ones. */
  readonly held: readonly WebhookDeliveryDocument[];
  /** Everything before this index of the log was examined. */
  readonly readTo: number;
  /** What is left to be sent again. */
  readonly replay: WebhookProgressDocument['replay'];
}

/**
 * Writes what a turn has done, all of it or nothing.
 * @throws TenureError fenced, if another turn was recorded since the progress was read; control_unavailable
 */
export type RecordSent = (turn: Turn) => Promise<WebhookProgressDocument>;

export function createRecordSent({
  recordWebhookTurn,
  webhookDeliveries,
  clock,
}: Pick<Store, 'recordWebhookTurn' | 'webhookDeliveries' | 'clock'>): RecordSent {
  function healthAfter(
    progress: WebhookProgressDocument,
    { delivered, failures }: Sent,
    now: Date,
  ): Partial<WebhookProgressDocument> {
    if (delivered.length > 0) return { failingSince: null, failures: 0, warnings: 0, lastDeliveryTime: now };
    if (failures === 0) return {};
    return { failingSince: progress.failingSince ?? now, failures: progress.failures + failures };
  }

  return async ({ endpoint: { spec }, progress, sent, held, readTo, replay }) => {
    const now = clock.now();
    // What is replayed may have a delivery of which this turn knows nothing.
    const finished =
      progress.replay === null ? sent.delivered.filter(({ delivery }) => delivery !== undefined) : sent.delivered;
    const dead = [...sent.kept, ...sent.changed].filter(({ state }) => state === 'dead').map(({ tenant }) => tenant);
    const recorded = recordWebhookTurn({
      progress,
      advance: {
        from: Math.max(progress.from, readTo),
        replay,
        pauseUntil: sent.pauseMs === 0 ? null : new Date(now.getTime() + sent.pauseMs),
        ...healthAfter(progress, sent, now),
      },
      kept: [...sent.kept, ...held],
      changed: sent.changed,
      finished: finished.map(({ event }) => event.entry.id),
      released: spec.order === 'tenant' ? [...new Set([...finished.map(({ event }) => event.tenant), ...dead])] : [],
    });
    // Attempts are observations: they are written even if the turn is refused.
    const [after] = await Promise.all([recorded, webhookDeliveries.record(sent.attempts)]);
    return after;
  };
}
