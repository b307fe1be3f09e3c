import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { ledgerEntrySchema, ledgerOutcomes } from './ledger-entry.ts';

/** An entry of the ledger as an auditor reads it. */
export const auditEntrySchema = z
  .strictObject({
    // Its RFC 8785 form is the bytes that are stored and proven.
    entry: ledgerEntrySchema,
    actor: z
      .strictObject({
        subject: z.string().optional().meta({ description: 'Absent if it was erased.' }),
        onBehalfOf: z.string().optional(),
      })
      .meta({ description: 'The personal values behind the commitments in `entry.actor`.' }),
    log: z
      .strictObject({
        index: z.int().nonnegative().meta({ description: 'Its place in the log of all entries, from 0.' }),
        sequence: z.int().positive().meta({
          description: 'Its number among the entries of its tenant, or among those that concern no single tenant.',
        }),
      })
      .optional()
      .meta({ description: 'Absent for a moment after the commit, until the entry is sequenced.' }),
  })
  .meta({ title: 'AuditEntry' });

const text = (description: string) => z.string().min(1).max(256).optional().meta({ description });

/** Which entries are found: those that match everything that is given. */
export const auditFilter = {
  tenant: z
    .union([nameSchema, uidSchema])
    .optional()
    .meta({ description: 'Entries about this tenant: its name, or its uid, which also finds it after its purge' }),
  actor: text('Subject of the caller; also those on whose behalf it was'),
  action: z
    .string()
    .max(64)
    .regex(/^[a-z]+\.(\*|[a-z_]+(\.[a-z_]+)*)$/, 'must be an action, or `tenant.*` for all that begin so')
    .optional()
    .meta({ description: 'Such as `tenant.suspend`; `tenant.*` stands for all that begin so' }),
  target: z
    .string()
    .max(128)
    .regex(/^[a-z]+\/[a-z0-9-]+$/, 'must be `kind/name`')
    .optional()
    .meta({ description: '`kind/name`, such as `plan/startup` or `tenant/acme`' }),
  outcome: z
    .enum(ledgerOutcomes)
    .optional()
    .meta({ description: `One of ${ledgerOutcomes.join(', ')}` }),
  from: timeSchema.optional().meta({ description: 'From this time on' }),
  to: timeSchema.optional().meta({ description: 'Before this time' }),
  requestId: text('Id of the request'),
  correlationId: text('Correlation id of the request'),
  operationId: uidSchema.optional().meta({ description: 'Id of the operation' }),
};

export type AuditEntry = z.infer<typeof auditEntrySchema>;
