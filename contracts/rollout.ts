import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { problemDetailSchema } from './problem-document.ts';
import { tenantDifferenceSchema } from './tenant-revision.ts';

export const rolloutStates = ['running', 'paused', 'succeeded', 'cancelled'] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** `changing`: its operation is running. `skipped`: it failed, and the roll-out continued without it. */
export const memberStates = ['changing', 'changed', 'failed', 'skipped'] as const;
export type MemberState = (typeof memberStates)[number];

export const waveSchema = z
  .union([z.int().positive(), z.string().regex(/^([1-9]\d?|100)%$/)], {
    error: 'must be a number of tenants, or a percentage such as "10%"',
  })
  .meta({ description: 'Number of tenants, or percentage of all tenants.' });

/** Request to start a roll-out. */
export const rolloutRequestSchema = z.strictObject({
  version: z.int().positive().optional().meta({ description: 'Generation of the template. Default: the latest.' }),
  labelSelector: z.string().max(1024).optional().meta({ description: 'Only tenants with matching labels.' }),
  waves: z
    .array(waveSchema)
    .min(1)
    .max(20)
    .default([1, '10%', '100%'])
    .meta({ description: 'Cumulative number of tenants that have changed after each wave.' }),
  maxFailures: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .meta({ description: 'The roll-out pauses when more than this number of tenants fail.' }),
});

/** The roll-out of a template version to its tenants. */
export const rolloutSchema = z
  .strictObject({
    id: uidSchema,
    template: nameSchema,
    version: z.int().positive(),
    labelSelector: z.string().optional(),
    waves: z.array(waveSchema),
    maxFailures: z.int().nonnegative(),
    state: z.enum(rolloutStates),
    reason: z.string().optional().meta({ description: 'Why the roll-out is paused.' }),
    wave: z.int().positive().meta({
      description: 'Current wave, starting at 1. One more than the number of waves if the last wave left tenants out.',
    }),
    tenants: z.int().nonnegative().meta({ description: 'Number of affected tenants when the roll-out started.' }),
    counts: z.strictObject({ changing: z.int(), changed: z.int(), failed: z.int(), skipped: z.int() }),
    failures: z
      .array(z.strictObject({ tenant: nameSchema, code: z.string(), message: z.string() }))
      .meta({ description: 'The first of the current failures.' }),
    workflowId: z.string(),
    createTime: timeSchema,
    endTime: timeSchema.optional(),
  })
  .meta({ title: 'Rollout' });

/** One tenant that a roll-out would change, with the changes. */
export const rolloutPreviewSchema = z
  .strictObject({
    tenant: z.strictObject({
      name: nameSchema,
      uid: uidSchema,
      version: z.int().positive().meta({ description: 'Template version that the tenant uses now.' }),
    }),
    changes: tenantDifferenceSchema.shape.changes.meta({
      description:
        'Changes of services and of the effective configuration. Empty if the tenant overrides everything that would change.',
    }),
    refused: z
      .strictObject({ code: z.string(), message: z.string(), errors: z.array(problemDetailSchema).optional() })
      .optional()
      .meta({ description: 'Why the tenant cannot be changed.' }),
  })
  .meta({ title: 'RolloutPreview' });

export type RolloutRequest = z.infer<typeof rolloutRequestSchema>;
export type Rollout = z.infer<typeof rolloutSchema>;
export type RolloutPreview = z.infer<typeof rolloutPreviewSchema>;
