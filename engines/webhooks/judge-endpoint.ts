import type { DisabledReason } from '../../contracts/manifests/webhook-endpoint.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { disableAfterMs, dueWarnings } from '../../domain/webhook-schedule.ts';
import type { WebhookEndpointDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import type { WebhookProgressDocument } from '../../store/webhook-documents.ts';
import { callerEntry, systemCaller } from '../requests/caller.ts';

/** Disables an endpoint whose receiver is gone, or has failed for too long; warns before. */
export type JudgeEndpoint = (
  endpoint: WebhookEndpointDocument,
  progress: WebhookProgressDocument,
  isGone: boolean,
) => Promise<void>;

export function createJudgeEndpoint({
  store,
}: {
  readonly store: Pick<Store, 'commit' | 'resources' | 'recordWebhookTurn' | 'clock' | 'newId'>;
}): JudgeEndpoint {
  async function disable(endpoint: WebhookEndpointDocument, reason: DisabledReason): Promise<void> {
    const { _id: uid, name, revision } = endpoint;
    try {
      await store.commit(async (tx) => {
        const after = await store.resources.replace(tx, revision, {
          ...endpoint,
          disabled: { reason, time: tx.time },
          revision: revision + 1,
          updateTime: tx.time,
        });
        return {
          result: undefined,
          entries: [
            {
              ...callerEntry(systemCaller(`webhook-${store.newId()}`)),
              action: 'webhook.disable',
              target: { kind: 'WebhookEndpoint', name, uid },
              outcome: 'succeeded',
              previous: stateReference(endpoint),
              next: stateReference(after),
              event: { type: 'webhook.disabled.v1', data: { webhook: { uid, name }, reason } },
            },
          ],
        };
      });
    } catch (error) {
      // It was changed meanwhile; if its receiver is still gone, the next attempt shows it.
      if (!(error instanceof TenureError && error.code === 'revision_stale')) throw error;
    }
  }

  async function warn(
    { _id: uid, name }: WebhookEndpointDocument,
    progress: WebhookProgressDocument,
    since: Date,
    warnings: number,
  ): Promise<void> {
    // Recorded first: a warning that is lost is followed by another, and one that is repeated would alarm.
    await store.recordWebhookTurn({ progress, advance: { warnings } });
    await store.commit(async () => ({
      result: undefined,
      entries: [
        {
          ...callerEntry(systemCaller(`webhook-${store.newId()}`)),
          action: 'webhook.warn',
          target: { kind: 'WebhookEndpoint', name, uid },
          outcome: 'succeeded',
          event: {
            type: 'webhook.failing.v1',
            data: {
              webhook: { uid, name },
              since: since.toISOString(),
              disableTime: new Date(since.getTime() + disableAfterMs).toISOString(),
            },
          },
        },
      ],
    }));
  }

  return async (endpoint, progress, isGone) => {
    if (isGone) return await disable(endpoint, 'gone');
    const { failingSince, warnings } = progress;
    if (failingSince === null) return;
    const failingMs = store.clock.now().getTime() - failingSince.getTime();
    if (failingMs >= disableAfterMs) return await disable(endpoint, 'failing');
    const due = dueWarnings(failingMs);
    if (due > warnings) await warn(endpoint, progress, failingSince, due);
  };
}
