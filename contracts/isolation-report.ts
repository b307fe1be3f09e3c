import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { isolationModes } from './lifecycle.ts';

/**
 * How a probe ended. `refused`: mongod said no, with the code for missing rights (13) or for a login that fails (18), and with no
 * other. `harmless`: mongod did it, and neither gave nor changed anything of the other tenant. `notApplicable`: mongod does it
 * for nobody, or not in this form. `breach`: everything else.
 */
export const probeClasses = ['refused', 'harmless', 'notApplicable', 'breach'] as const;

/** Where a probe comes from. The first two are generated from what the running mongod knows. */
export const probeFamilies = ['command', 'stage', 'crafted', 'live', 'login', 'rights'] as const;

/**
 * What shows a breach: mongod `let` it where it had to refuse; the answer `disclosed` something of the other; the other's home was
 * `changed`; or the answer `differs` from that about a tenant that does not exist.
 */
export const breachEvidence = ['let', 'disclosed', 'changed', 'differs'] as const;

const countSchema = z.int().nonnegative();

const outcomeSchema = z.strictObject({
  probe: z.string(),
  family: z.enum(probeFamilies),
  detail: z.string(),
});

const directionSchema = z.strictObject({
  from: nameSchema.meta({ description: 'Whose credential was used.' }),
  to: nameSchema.meta({ description: 'At whose data it was aimed.' }),
  cell: nameSchema.meta({ description: 'Where the other lies, and so which mongod was asked.' }),
  mongod: z.string().meta({ description: 'The version that answered.' }),
  known: z
    .strictObject({ commands: countSchema, stages: countSchema })
    .meta({ description: 'What this mongod said it has; each was probed.' }),
  probes: countSchema,
  counts: z.array(
    z.strictObject({
      family: z.enum(probeFamilies),
      refused: countSchema,
      harmless: countSchema,
      notApplicable: countSchema,
      breach: countSchema,
    }),
  ),
  refusals: z
    .array(z.strictObject({ code: z.int(), count: countSchema }))
    .meta({ description: 'The refusals by mongod’s code.' }),
  harmless: z.array(outcomeSchema),
  notApplicable: z.array(outcomeSchema),
  breaches: z.array(
    outcomeSchema.extend({
      evidence: z.enum(breachEvidence),
      database: z.string(),
      command: z.string().meta({ description: 'As extended JSON.' }),
    }),
  ),
});

/** What a verification of the boundary between two tenants has found, both ways. */
export const isolationReportSchema = z
  .strictObject({
    id: uidSchema,
    tenants: z
      .array(z.strictObject({ uid: uidSchema, name: nameSchema, cell: nameSchema, mode: z.enum(isolationModes) }))
      .length(2),
    startTime: timeSchema,
    endTime: timeSchema,
    verdict: z.enum(['held', 'breached']),
    directions: z.array(directionSchema).length(2),
  })
  .meta({ title: 'IsolationReport' });

/** How the verification of two tenants stands: what runs, what could not be done, and the last report. */
export const isolationVerificationSchema = z
  .strictObject({
    tenants: z.array(nameSchema).length(2),
    running: z.strictObject({ id: uidSchema, startTime: timeSchema, workflowId: z.string() }).optional(),
    failure: z
      .strictObject({ id: uidSchema, time: timeSchema, code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Why the last one ended without a verdict; absent when it has one.' }),
    report: isolationReportSchema.optional(),
  })
  .meta({ title: 'IsolationVerification' });

export type IsolationReport = z.infer<typeof isolationReportSchema>;
export type IsolationDirection = IsolationReport['directions'][number];
export type IsolationVerification = z.infer<typeof isolationVerificationSchema>;
export type ProbeClass = (typeof probeClasses)[number];
export type ProbeFamily = (typeof probeFamilies)[number];
export type BreachEvidence = (typeof breachEvidence)[number];
