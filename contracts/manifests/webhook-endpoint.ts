import { z } from 'zod';
import { nameSchema, timeSchema } from '../identifiers.ts';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';

const maxUrl = 2_048;
const maxSelected = 100;

const isHttpUrl = (text: string): boolean => {
  const url = URL.parse(text);
  return (
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
};

/** How deliveries are signed: with a secret that both sides share, or with a private key whose public key is shown. */
export const webhookSignatures = ['hmac-sha256', 'ed25519'] as const;

/** Where a receiver listens, and for which events. */
export const webhookEndpointSpecSchema = z.strictObject({
  displayName: z.string().min(1).max(128).optional().meta({ description: 'Human-readable name.' }),
  url: z
    .string()
    .max(maxUrl)
    .refine(isHttpUrl, 'must be an https URL without credentials and fragment, such as https://example.com/hooks')
    .meta({ description: 'Events are sent here by POST. Redirects are not followed.' }),
  events: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(maxSelected)
    .optional()
    .meta({ description: 'Only these types; `tenant.*` stands for all that begin so. All, if absent.' }),
  tenants: z
    .array(nameSchema)
    .min(1)
    .max(maxSelected)
    .optional()
    .meta({ description: 'Only events of tenants with these names. All, if absent.' }),
  tenantSelector: z.string().min(1).max(1_024).optional().meta({
    description: 'Only events of tenants whose labels matched when it happened, such as `tier=gold`.',
  }),
  order: z.enum(['none', 'tenant']).default('none').meta({
    description:
      '`tenant`: an event of a tenant is sent only when all earlier ones of this tenant were delivered or given up. Other tenants do not wait.',
  }),
  signature: z.enum(webhookSignatures).default('hmac-sha256').meta({
    description: '`hmac-sha256` signs with a shared secret, `ed25519` with a key whose public part is shown.',
  }),
  enabled: z.boolean().default(true).meta({
    description: 'Whether events are sent. While it is false, they wait, and none is lost.',
  }),
});

/** Why Tenure stops sending to an endpoint. */
export const disabledReasons = ['gone', 'failing'] as const;

const statusSchema = z.strictObject({
  disabled: z
    .strictObject({
      time: timeSchema,
      reason: z.enum(disabledReasons).meta({
        description: '`gone`: the receiver has answered 410. `failing`: it has accepted nothing for five days.',
      }),
    })
    .optional()
    .meta({ description: 'Present if Tenure has stopped sending, until the endpoint is enabled again.' }),
});

export const webhookEndpointSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('WebhookEndpoint'),
    metadata: metadataSchema,
    spec: webhookEndpointSpecSchema,
    status: statusSchema,
  })
  .meta({ title: 'WebhookEndpoint' });

export const webhookEndpointManifestSchema = z
  .strictObject({
    apiVersion: manifestField.apiVersion,
    kind: manifestField.kind('WebhookEndpoint'),
    metadata: manifestField.metadata,
    spec: webhookEndpointSpecSchema,
    status: manifestField.status,
  })
  .meta({ title: 'WebhookEndpointManifest' });

export type WebhookEndpointSpec = z.infer<typeof webhookEndpointSpecSchema>;
export type WebhookEndpoint = z.infer<typeof webhookEndpointSchema>;
export type WebhookSignature = (typeof webhookSignatures)[number];
export type DisabledReason = (typeof disabledReasons)[number];
