import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { policyActions, policyActorSchema, policyDenialSchema } from './policy.ts';

/** The identity behind a bearer token, as the API understands it. */
export const callerSchema = z
  .strictObject({
    subject: policyActorSchema.shape.subject,
    roles: policyActorSchema.shape.roles,
    tenants: z
      .array(uidSchema)
      .optional()
      .meta({ description: 'Uids of the tenants that the caller is confined to. Absent if not confined.' }),
    expireTime: timeSchema.meta({ description: 'When the token expires.' }),
  })
  .meta({ title: 'Caller' });

/** One question to policy. */
export const accessQuerySchema = z.strictObject({
  action: z.enum(policyActions).meta({ description: 'Policy action, such as `tenant.suspend`' }),
  name: z.union([nameSchema, uidSchema]).optional().meta({
    description:
      'Name of the tenant, template, plan or region, or id of the operation. If omitted, checks whether the caller may perform the action on any resource at all',
  }),
});

/** The policy decision. A tenant that the caller may not see gets the same answer as one that does not exist. */
export const accessVerdictSchema = z
  .strictObject({
    action: z.enum(policyActions),
    allowed: z.boolean(),
    rules: z.array(z.string()).meta({ description: 'Rules that led to the decision, sorted.' }),
    denials: z.array(policyDenialSchema).meta({ description: 'Reasons for a denial. Empty if and only if allowed.' }),
  })
  .meta({ title: 'AccessVerdict' });

export type AccessVerdict = z.infer<typeof accessVerdictSchema>;
