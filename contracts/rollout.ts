import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { problemDetailSchema } from './problem-document.ts';
import { tenantDifferenceSchema } from './tenant-revision.ts';

export const rolloutStates = ['running', 'paused', 'succeeded', 'cancelled'] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** `changing`: its operation runs. `skipped`: it failed, and the roll-out went on without it. */
export const memberStates = ['changing', 'changed', 'failed', 'skipped'] as const;
export type MemberState = (typeof memberStates)[number];

export const waveSchema = z
  .union([z.int().positive(), z.string().regex(/^([1-9]\d?|100)%$/)], {
    error: 'must be a number of tenants, or a share such as "10%"',
  })
  .meta({ description: 'A number of tenants, or a share of all.' });

/** Asks for a roll-out. */
export const rolloutRequestSchema = z.strictObject({
  version: z.int().positive().optional().meta({ description: 'A generation of the template; the latest when absent.' }),
  labelSelector: z.string().max(1024).optional().meta({ description: 'Only tenants with such labels.' }),
  waves: z
    .array(waveSchema)
    .min(1)
    .max(20)
    .default([1, '10%', '100%'])
    .meta({ description: 'How many tenants have been changed after each wave.' }),
  maxFailures: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .meta({ description: 'More tenants that cannot be changed pause it.' }),
});

/** How a template's version comes to its tenants. */
export const rolloutSchema = z
  .strictObject({
    id: uidSchema,
    template: nameSchema,
    version: z.int().positive(),
    labelSelector: z.string().optional(),
    waves: z.array(waveSchema),
    maxFailures: z.int().nonnegative(),
    state: z.enum(rolloutStates),
    reason: z.string().optional().meta({ description: 'Why it is paused.' }),
    wave: z
      .int()
      .positive()
      .meta({ description: 'The one under way, from 1; one beyond the last when that has left tenants over.' }),
    tenants: z.int().nonnegative().meta({ description: 'Those that it concerns, as counted when it began.' }),
    counts: z.strictObject({ changing: z.int(), changed: z.int(), failed: z.int(), skipped: z.int() }),
    failures: z
      .array(z.strictObject({ tenant: nameSchema, code: z.string(), message: z.string() }))
      .meta({ description: 'The first of those that stand.' }),
    workflowId: z.string(),
    createTime: timeSchema,
    endTime: timeSchema.optional(),
  })
  .meta({ title: 'Rollout' });

/** One tenant that a roll-out would change, and in what. */
export const rolloutPreviewSchema = z
  .strictObject({
    tenant: z.strictObject({
      name: nameSchema,
      uid: uidSchema,
      version: z.int().positive().meta({ description: 'Of the template, that it has now.' }),
    }),
    changes: tenantDifferenceSchema.shape.changes.meta({
      description:
        'Of services and of the configuration in effect; empty where all that would change is set otherwise by the tenant.',
    }),
    refused: z
      .strictObject({ code: z.string(), message: z.string(), errors: z.array(problemDetailSchema).optional() })
      .optional()
      .meta({ description: 'Why it cannot be changed.' }),
  })
  .meta({ title: 'RolloutPreview' });

export type RolloutRequest = z.infer<typeof rolloutRequestSchema>;
export type Rollout = z.infer<typeof rolloutSchema>;
export type RolloutPreview = z.infer<typeof rolloutPreviewSchema>;
