import { z } from 'zod';
import { eventTypes } from './event-types.ts';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';

/** Why an attempt to deliver has failed. */
export const deliveryFailures = [
  'address_forbidden',
  'name_unknown',
  'connection_failed',
  'tls_failed',
  'timed_out',
  'redirected',
  'refused',
] as const;
export type DeliveryFailure = (typeof deliveryFailures)[number];

/** One attempt to deliver an event. */
export const webhookAttemptSchema = z
  .strictObject({
    id: uidSchema,
    event: uidSchema,
    type: z.enum(eventTypes),
    tenant: uidSchema.optional(),
    number: z.int().positive().meta({ description: 'Number of the attempt for this event, from 1.' }),
    time: timeSchema,
    durationMs: z.int().nonnegative(),
    outcome: z.enum(['delivered', ...deliveryFailures]),
    status: z.int().optional().meta({ description: 'HTTP status of the response, if there was one.' }),
    detail: z.string().optional().meta({ description: 'What went wrong, for a person.' }),
    excerpt: z.string().optional().meta({ description: 'Beginning of the response.' }),
  })
  .meta({ title: 'WebhookAttempt' });

export const deliveryStates = ['retrying', 'waiting', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** An event that was not delivered at the first attempt, and is not delivered yet. */
export const webhookDeliverySchema = z
  .strictObject({
    event: uidSchema,
    type: z.enum(eventTypes),
    tenant: uidSchema.optional(),
    eventTime: timeSchema,
    state: z.enum(deliveryStates).meta({
      description:
        '`retrying`: sent again at `nextTime`. `waiting`: for an earlier event of its tenant. `dead`: given up; it can be requeued.',
    }),
    attempts: z.int().nonnegative(),
    nextTime: timeSchema.optional(),
    failure: z
      .strictObject({
        code: z.enum(deliveryFailures),
        status: z.int().optional(),
        detail: z.string().optional(),
        time: timeSchema,
        fault: z.enum(['receiver', 'plane']).meta({
          description: 'Whose fault it was. A fault of the plane does not count as an attempt.',
        }),
      })
      .optional()
      .meta({ description: 'The last failure.' }),
  })
  .meta({ title: 'WebhookDelivery' });

/** How an endpoint is doing. */
export const webhookHealthSchema = z
  .strictObject({
    webhook: nameSchema,
    state: z.enum(['sending', 'paused', 'disabled']),
    behind: z.int().nonnegative().meta({ description: 'Entries of the log that were not examined yet.' }),
    replaying: z.int().nonnegative().meta({ description: 'Entries of the log that are still to be sent again.' }),
    retrying: z.int().nonnegative(),
    waiting: z.int().nonnegative(),
    dead: z.int().nonnegative(),
    lastDeliveryTime: timeSchema.optional(),
    failingSince: timeSchema.optional().meta({ description: 'Present while no attempt has succeeded since.' }),
    disableTime: timeSchema.optional().meta({ description: 'When it is disabled if nothing is delivered until then.' }),
    keys: z.array(
      z.strictObject({
        id: uidSchema,
        createTime: timeSchema,
        expireTime: timeSchema.optional().meta({ description: 'Signs until then. Absent for the current key.' }),
        publicKey: z.string().optional().meta({ description: 'Only for ed25519: `whpk_…`.' }),
      }),
    ),
  })
  .meta({ title: 'WebhookHealth' });

/** A new signing key, shown once. */
export const webhookSecretSchema = z
  .strictObject({
    key: uidSchema,
    secret: z.string().optional().meta({ description: 'Only for hmac-sha256: `whsec_…`. It is not shown again.' }),
    publicKey: z.string().optional().meta({ description: 'Only for ed25519: `whpk_…`.' }),
    previousUntil: timeSchema.optional().meta({ description: 'Until then the previous keys sign too.' }),
  })
  .meta({ title: 'WebhookSecret' });

/** The event that tests a webhook. */
export const webhookTestSchema = z.strictObject({ event: uidSchema }).meta({ title: 'WebhookTest' });

const maxRequeued = 1_000;

/** Which dead deliveries are sent again. */
export const requeueSchema = z
  .strictObject({
    events: z.array(uidSchema).min(1).max(maxRequeued).optional().meta({ description: 'Only these; all, if absent.' }),
  })
  .meta({ title: 'WebhookRequeue' });

/** Which events are sent again: those of a part of the log. */
export const replaySchema = z
  .strictObject({
    since: timeSchema.meta({ description: 'From the first event of this time or later' }),
    until: timeSchema
      .optional()
      .meta({ description: 'Before the first event of this time or later; up to now, if absent' }),
  })
  .meta({ title: 'WebhookReplay' });

export const replayedSchema = z
  .strictObject({
    entries: z
      .int()
      .nonnegative()
      .meta({ description: 'Entries of the log in that part; not all have an event that matches.' }),
  })
  .meta({ title: 'WebhookReplayed' });

export const requeuedSchema = z.strictObject({ requeued: z.int().nonnegative() }).meta({ title: 'WebhookRequeued' });

export type WebhookAttempt = z.infer<typeof webhookAttemptSchema>;
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;
export type WebhookHealth = z.infer<typeof webhookHealthSchema>;
