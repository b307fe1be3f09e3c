import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { DeliverEvents, DeliveryRun } from '../engines/webhooks/deliver-events.ts';
import { errorFields } from '../platform/logging.ts';
import type { Logger } from '../platform/logging.ts';
import { asFailure, RetryForever } from './failure.ts';

export interface WebhookActivities {
  /** Delivers events to an endpoint for about a minute, or until it is over with the endpoint. */
  deliverEvents(input: { readonly uid: string }): Promise<DeliveryRun>;
}

export interface WebhookActivitiesDependencies {
  readonly deliver: DeliverEvents;
  readonly logger: Logger;
}

const runMs = 60_000;

export function createWebhookActivities({ deliver, logger }: WebhookActivitiesDependencies): WebhookActivities {
  return {
    async deliverEvents({ uid }) {
      const { cancellationSignal: signal } = Context.current();
      try {
        return await deliver(uid, { signal, forMs: runMs });
      } catch (error) {
        if (signal.aborted) throw new CancelledFailure('the worker or the workflow stops');
        logger.warn('events could not be delivered', { webhook: uid, ...errorFields(error) });
        throw asFailure(new RetryForever(error));
      }
    },
  };
}
