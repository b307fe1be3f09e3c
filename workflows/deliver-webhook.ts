import {
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/webhook-activities.ts';
import { webhookChangedSignal, webhookTaskQueue } from '../domain/workflow-inputs.ts';
import type { WebhookInput } from '../domain/workflow-inputs.ts';

const runsPerHistory = 200;

/**
 * Delivers events to one endpoint for as long as it is to get them. How far it is, and what is sent again when, is in
 * the control database.
 */
export async function deliverWebhook({ uid, name }: WebhookInput): Promise<void> {
  const { deliverEvents } = proxyActivities<WebhookActivities>({
    taskQueue: webhookTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '5m',
    heartbeatTimeout: '10s',
    retry: { initialInterval: '1s', maximumInterval: '15s' },
  });
  // Without it, an endpoint that is enabled while this ends would be left alone until the next sweep.
  let changes = 0;
  setHandler(defineSignal(webhookChangedSignal), () => {
    changes += 1;
  });
  let [delivered, failed] = [0, 0];
  for (let run = 0; run < runsPerHistory; run += 1) {
    setCurrentDetails(
      `Webhook \`${name}\`: ${delivered} events delivered and ${failed} attempts failed in this run. \`tenure webhook health ${name}\` tells more.`,
    );
    const before = changes;
    const ended = await deliverEvents({ uid });
    delivered += ended.delivered;
    failed += ended.failed;
    if (ended.state !== 'sending' && changes === before) return;
  }
  await continueAsNew<typeof deliverWebhook>({ uid, name });
}
