import { z } from 'zod';
import { uidSchema } from '../identifiers.ts';
import { webhookEndpointSchema } from '../manifests/webhook-endpoint.ts';
import {
  deliveryStates,
  replayedSchema,
  replaySchema,
  requeuedSchema,
  requeueSchema,
  webhookAttemptSchema,
  webhookDeliverySchema,
  webhookHealthSchema,
  webhookSecretSchema,
  webhookTestSchema,
} from '../webhooks.ts';
import type { RouteContract } from './route-contract.ts';
import { byName, changeProblems, changeQuery, listOf, noQuery, page, read } from './route-contract.ts';

const longestOverlapSeconds = 7 * 24 * 60 * 60;
/** How long the previous keys sign too, unless the request says so. */
export const defaultOverlapSeconds = 24 * 60 * 60;

/** Its answer is the same however often it is repeated, or must not be stored. */
const verb = { params: byName, query: changeQuery, idempotencyKey: 'none', precondition: 'none' } as const;
const verbProblems = ['body_too_large', 'media_type_unsupported', 'not_found', 'ledger_behind'] as const;

export const webhookRoutes = {
  rotateWebhookSecret: {
    method: 'POST',
    path: '/v1/webhooks/{name}:rotate-secret',
    summary:
      'Create a new signing key. The response shows its secret, which is never shown again. The previous keys sign too for a while.',
    action: 'webhook.rotate_secret',
    ...verb,
    body: z
      .strictObject({
        overlapSeconds: z.int().min(0).max(longestOverlapSeconds).default(defaultOverlapSeconds).meta({
          description: 'How long the previous keys sign too, in seconds. With 0 they stop at once.',
        }),
      })
      .optional(),
    responses: { 200: webhookSecretSchema },
    problems: [...verbProblems, 'keys_unavailable'],
  },
  testWebhook: {
    method: 'POST',
    path: '/v1/webhooks/{name}:test',
    summary: 'Send an event of the type `webhook.tested.v1` to a webhook, whatever its filter.',
    action: 'webhook.test',
    ...verb,
    idempotencyKey: 'optional',
    body: z.strictObject({}).optional(),
    responses: { 200: webhookTestSchema },
    problems: [...changeProblems, 'not_found'],
  },
  enableWebhook: {
    method: 'POST',
    path: '/v1/webhooks/{name}:enable',
    summary: 'Enable a webhook that Tenure has disabled. It gets everything that has happened meanwhile.',
    action: 'webhook.enable',
    ...verb,
    body: z.strictObject({}).optional(),
    responses: { 200: webhookEndpointSchema },
    problems: [...verbProblems, 'revision_stale'],
  },
  requeueDeliveries: {
    method: 'POST',
    path: '/v1/webhooks/{name}:requeue',
    summary: 'Send dead deliveries again.',
    action: 'webhook.requeue',
    ...verb,
    body: requeueSchema.optional(),
    responses: { 200: requeuedSchema },
    problems: verbProblems,
  },
  replayEvents: {
    method: 'POST',
    path: '/v1/webhooks/{name}:replay',
    summary:
      'Send the events of a time again, whether or not they were delivered. They pass the filter of the webhook.',
    action: 'webhook.replay',
    ...verb,
    body: replaySchema,
    responses: { 200: replayedSchema },
    problems: verbProblems,
  },
  getWebhookHealth: {
    method: 'GET',
    path: '/v1/webhooks/{name}/health',
    summary: 'Read how the deliveries to a webhook are doing.',
    action: 'webhook.get',
    params: byName,
    query: noQuery,
    responses: { 200: webhookHealthSchema },
    ...read,
    problems: ['not_found'],
  },
  listDeliveries: {
    method: 'GET',
    path: '/v1/webhooks/{name}/deliveries',
    summary: 'List the events that are to be sent to a webhook again, and those that were given up, oldest first.',
    action: 'webhook.get',
    params: byName,
    query: z.strictObject({
      ...page,
      state: z.enum(deliveryStates).optional().meta({ description: 'Only those in this state' }),
    }),
    responses: { 200: listOf(webhookDeliverySchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
  listDeliveryAttempts: {
    method: 'GET',
    path: '/v1/webhooks/{name}/attempts',
    summary: 'List the attempts to deliver events to a webhook, newest first. They are kept for 30 days.',
    action: 'webhook.get',
    params: byName,
    query: z.strictObject({ ...page, event: uidSchema.optional().meta({ description: 'Only those of this event' }) }),
    responses: { 200: listOf(webhookAttemptSchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
