import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { isolationModes } from './lifecycle.ts';

/**
 * The outcome of a probe. `refused`: mongod rejected it with the code for missing privileges (13) or a failed login
 * (18), and no other code. `harmless`: mongod ran it, but it neither disclosed nor changed anything of the other
 * tenant. `notApplicable`: mongod allows it for nobody, or not in this form. `breach`: everything else.
 */
export const probeClasses = ['refused', 'harmless', 'notApplicable', 'breach'] as const;

/** The origin of a probe. The first two families are generated from the commands and stages of the running mongod. */
export const probeFamilies = ['command', 'stage', 'crafted', 'live', 'login', 'rights'] as const;

/**
 * The evidence of a breach. `let`: mongod allowed what it had to reject. `disclosed`: the response contained data of
 * the other tenant. `changed`: the home of the other tenant changed. `differs`: the response differs from the one for a
 * tenant that does not exist.
 */
export const breachEvidence = ['let', 'disclosed', 'changed', 'differs'] as const;

const countSchema = z.int().nonnegative();

const outcomeSchema = z.strictObject({
  probe: z.string(),
  family: z.enum(probeFamilies),
  detail: z.string(),
});

const directionSchema = z.strictObject({
  from: nameSchema.meta({ description: 'Tenant whose credential was used.' }),
  to: nameSchema.meta({ description: 'Tenant whose data was the target.' }),
  cell: nameSchema.meta({ description: 'Cell of the target tenant, whose mongod was probed.' }),
  mongod: z.string().meta({ description: 'Version of the mongod that was probed.' }),
  known: z
    .strictObject({ commands: countSchema, stages: countSchema })
    .meta({ description: 'Number of commands and stages that this mongod supports. Each was probed.' }),
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
    .meta({ description: 'Number of rejections per mongod error code.' }),
  harmless: z.array(outcomeSchema),
  notApplicable: z.array(outcomeSchema),
  breaches: z.array(
    outcomeSchema.extend({
      evidence: z.enum(breachEvidence),
      database: z.string(),
      command: z.string().meta({ description: 'The command, as extended JSON.' }),
    }),
  ),
});

/** The result of an isolation verification between two tenants, in both directions. */
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

/** The verification of two tenants: the running one, the last failure, and the last report. */
export const isolationVerificationSchema = z
  .strictObject({
    tenants: z.array(nameSchema).length(2),
    running: z.strictObject({ id: uidSchema, startTime: timeSchema, workflowId: z.string() }).optional(),
    failure: z
      .strictObject({ id: uidSchema, time: timeSchema, code: z.string(), message: z.string() })
      .optional()
      .meta({ description: 'Why the last verification ended without a verdict. Absent if it has a verdict.' }),
    report: isolationReportSchema.optional(),
  })
  .meta({ title: 'IsolationVerification' });

export type IsolationReport = z.infer<typeof isolationReportSchema>;
export type IsolationDirection = IsolationReport['directions'][number];
export type IsolationVerification = z.infer<typeof isolationVerificationSchema>;
export type ProbeClass = (typeof probeClasses)[number];
export type ProbeFamily = (typeof probeFamilies)[number];
export type BreachEvidence = (typeof breachEvidence)[number];
