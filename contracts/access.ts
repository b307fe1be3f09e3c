import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { policyActions, policyActorSchema, policyDenialSchema } from './policy.ts';

/** Who a bearer token speaks for, as the API has understood it. */
export const callerSchema = z
  .strictObject({
    subject: policyActorSchema.shape.subject,
    roles: policyActorSchema.shape.roles,
    tenants: z
      .array(uidSchema)
      .optional()
      .meta({ description: 'Uids that the caller is confined to; absent: not confined.' }),
    expireTime: timeSchema.meta({ description: 'Until when the token is good.' }),
  })
  .meta({ title: 'Caller' });

/** One question to policy. */
export const accessQuerySchema = z.strictObject({
  action: z.enum(policyActions).meta({ description: 'A policy action, such as `tenant.suspend`' }),
  name: z.union([nameSchema, uidSchema]).optional().meta({
    description:
      'Name of the tenant, template, plan or region, or id of the operation. Absent: whether there is anything that the caller may do it to',
  }),
});

/** What policy says to it. A tenant that the caller may not see answers as one that does not exist. */
export const accessVerdictSchema = z
  .strictObject({
    action: z.enum(policyActions),
    allowed: z.boolean(),
    rules: z.array(z.string()).meta({ description: 'The rules that decided, sorted.' }),
    denials: z.array(policyDenialSchema).meta({ description: 'Empty exactly when allowed.' }),
  })
  .meta({ title: 'AccessVerdict' });

export type AccessVerdict = z.infer<typeof accessVerdictSchema>;
