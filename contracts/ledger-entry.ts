import { z } from 'zod';
import { eventTypes } from './event-types.ts';
import { digestSchema, nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { jsonValueSchema } from './json-value.ts';
import { policyDecisionSchema } from './policy.ts';

/** The outcomes that an entry can record. */
export const ledgerOutcomes = ['allowed', 'denied', 'succeeded', 'failed'] as const;

/**
 * Replaces a personal value: SHA-256 over the JCS bytes of `[salt, value]`. Salt and value are stored next to the
 * entry, so erasing them keeps every proof over the entry's bytes valid.
 */
const commitmentSchema = digestSchema;

export const stateReferenceSchema = z.strictObject({
  generation: z.int().nonnegative(),
  revision: z.int().nonnegative(),
  lifecycle: z.string().optional(),
  digest: digestSchema.meta({ description: 'Digest of the spec as canonical JSON.' }),
});

/**
 * One entry, which is both an audit record and an event. Its RFC 8785 form is stored and hashed, so the bytes are
 * frozen: a new field must be optional, and no field may change its meaning or be removed.
 */
export const ledgerEntrySchema = z
  .strictObject({
    v: z.literal(1),
    id: uidSchema,
    time: timeSchema,
    installation: nameSchema,
    tenant: uidSchema
      .optional()
      .meta({ description: 'Uid of the tenant. Absent if the entry does not concern a single tenant.' }),
    actor: z.strictObject({
      subject: commitmentSchema,
      roles: z.array(z.string()),
      onBehalfOf: commitmentSchema.optional(),
    }),
    action: z.string().regex(/^[a-z]+(\.[a-z_]+)+$/),
    target: z.strictObject({ kind: z.string(), name: nameSchema.optional(), uid: uidSchema.optional() }),
    outcome: z.enum(ledgerOutcomes),
    previous: stateReferenceSchema.optional(),
    next: stateReferenceSchema.optional(),
    requestId: z.string(),
    correlationId: z.string(),
    operationId: uidSchema.optional(),
    step: z.string().optional(),
    fence: z.int().positive().optional().meta({ description: 'Fence of the lease holder that did this.' }),
    policy: policyDecisionSchema.optional(),
    grant: uidSchema.optional().meta({ description: 'The break-glass grant that was used.' }),
    event: z.strictObject({ type: z.enum(eventTypes), data: z.record(z.string(), jsonValueSchema) }).optional(),
    repeated: z
      .strictObject({ count: z.int().min(2), since: timeSchema })
      .optional()
      .meta({
        description:
          'For repeated refusals of the same caller: the number since then, including this one and those already recorded.',
      }),
    reason: z
      .string()
      .regex(/^[a-z]+([._][a-z_]+)*$/)
      .optional()
      .meta({ description: 'Problem code, or the policy rule that denied the request.' }),
  })
  .meta({ title: 'LedgerEntry' });

const targetWords: Readonly<Record<string, string>> = { TenantTemplate: 'template', WebhookEndpoint: 'webhook' };

/** The kind of a target in one word, as it is searched for and shown. */
export function targetWord(kind: string): string {
  return targetWords[kind] ?? kind.toLowerCase();
}

export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
export type LedgerOutcome = (typeof ledgerOutcomes)[number];
export type StateReference = z.infer<typeof stateReferenceSchema>;
