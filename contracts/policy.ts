import { z } from 'zod';
import { digestSchema, nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { isolationModes, lifecycleStates, operationKinds } from './lifecycle.ts';
import { planSpecSchema } from './manifests/plan.ts';
import { regionSpecSchema } from './manifests/region.ts';
import { tenantSpecSchema } from './manifests/tenant.ts';

/** All actions that policy decides on, each named `<kind>.<verb>`. */
export const policyActions = [
  'tenant.create',
  'tenant.get',
  'tenant.list',
  'tenant.update',
  'tenant.activate',
  'tenant.suspend',
  'tenant.resume',
  'tenant.archive',
  'tenant.reactivate',
  'tenant.delete',
  'tenant.undelete',
  'tenant.purge',
  'tenant.change_plan',
  'tenant.reconcile',
  'tenant.hold',
  'tenant.release_hold',
  'tenant.pass_brake',
  'tenant.open',
  'template.get',
  'template.list',
  'template.apply',
  'template.delete',
  'template.roll_out',
  'tenant.verify_isolation',
  'plan.get',
  'plan.list',
  'plan.apply',
  'plan.delete',
  'region.get',
  'region.list',
  'rollout.get',
  'region.apply',
  'region.delete',
  'operation.get',
  'operation.list',
  'operation.cancel',
  'operation.abandon',
  'event.get',
  'event.list',
  'webhook.get',
  'webhook.list',
  'webhook.apply',
  'webhook.delete',
  'webhook.rotate_secret',
  'webhook.test',
  'webhook.enable',
  'webhook.requeue',
  'webhook.replay',
  'audit.get',
  'audit.list',
  'audit.verify',
  'access.check',
] as const;
export type PolicyAction = (typeof policyActions)[number];

/** The caller. `tenants` holds the uids to which the caller is confined; absent: not confined. */
export const policyActorSchema = z.strictObject({
  subject: z.string().min(1).max(256),
  roles: z.array(z.string().min(1).max(64)).max(32),
  tenants: z.array(uidSchema).max(1000).optional(),
});

/** Entry point `tenure/authz/decision`: may this actor do this at all? */
export const authorizationRequestSchema = z
  .strictObject({
    v: z.literal(1),
    now: timeSchema,
    action: z.enum(policyActions),
    actor: policyActorSchema,
    target: z.strictObject({
      kind: z.enum([
        'Tenant',
        'TenantTemplate',
        'Plan',
        'Region',
        'WebhookEndpoint',
        'Operation',
        'Event',
        'Entry',
        'Caller',
      ]),
      name: nameSchema.optional(),
      tenant: uidSchema.optional().meta({ description: 'Uid of the affected tenant. Absent if it does not exist.' }),
    }),
  })
  .meta({ title: 'AuthorizationRequest' });

/** Actions that admission decides on: every change of a tenant, and opening it. */
export const admissionActions = [
  'tenant.create',
  'tenant.update',
  'tenant.hold',
  'tenant.release_hold',
  'tenant.open',
  ...operationKinds.map((kind) => `tenant.${kind}` as const),
] as const;
export type AdmissionAction = (typeof admissionActions)[number];

/**
 * Entry point `tenure/admission/decision`: may the tenant become this? The API asks it, and so does every mutating
 * step.
 */
export const admissionRequestSchema = z
  .strictObject({
    v: z.literal(1),
    now: timeSchema,
    action: z.enum(admissionActions),
    actor: policyActorSchema,
    tenant: z.strictObject({
      name: nameSchema,
      uid: uidSchema.optional(),
      lifecycle: z.enum(lifecycleStates),
      spec: tenantSpecSchema,
    }),
    plan: z
      .strictObject({ name: nameSchema, spec: planSpecSchema })
      .optional()
      .meta({ description: 'Absent if the plan does not exist.' }),
    regions: z.array(z.strictObject({ name: nameSchema, spec: regionSpecSchema })),
    placement: z.strictObject({ region: nameSchema, cell: nameSchema, mode: z.enum(isolationModes) }).optional(),
    deletion: z
      .strictObject({ deleteTime: timeSchema, purgeTime: timeSchema })
      .optional()
      .meta({ description: 'Only for a deleted tenant.' }),
    dataKey: z.strictObject({ wrappedBy: z.string() }).optional().meta({
      description: 'Name of the key that wraps the tenant’s data key. Absent while the tenant has no data key.',
    }),
    wrappingKeys: z
      .array(z.string())
      .optional()
      .meta({ description: 'Names of the keys with which this installation can wrap a data key.' }),
    early: z.literal(true).optional().meta({ description: 'An early purge was requested explicitly.' }),
  })
  .meta({ title: 'AdmissionRequest' });

/** One reason for a denial. */
export const policyDenialSchema = z.strictObject({
  rule: z.string().regex(/^[a-z]+(\.[a-z_]+)+$/),
  message: z.string().min(1),
  fix: z.string().min(1),
  pointer: z.string().optional().meta({ description: 'JSON Pointer into the manifest.' }),
  allowed: z.array(z.string()).optional().meta({ description: 'Allowed values.' }),
});

/** The response of an entry point. Treat an unknown obligation as a denial. */
export const policyResponseSchema = z
  .strictObject({
    allow: z.boolean(),
    deny: z.array(policyDenialSchema),
    obligations: z.array(z.strictObject({ id: z.string() })),
    rules: z.array(z.string()).meta({ description: 'Rules that led to the decision, sorted.' }),
  })
  .meta({ title: 'PolicyResponse' });

/** A decision as it is logged. It can be reproduced from the bundle and the input. */
export const policyDecisionSchema = z.strictObject({
  bundle: digestSchema,
  input: digestSchema,
  decision: z.enum(['allow', 'deny']),
  rules: z.array(z.string()),
});

export type PolicyActor = z.infer<typeof policyActorSchema>;
export type AuthorizationRequest = z.infer<typeof authorizationRequestSchema>;
export type AdmissionRequest = z.infer<typeof admissionRequestSchema>;
export type PolicyDenial = z.infer<typeof policyDenialSchema>;
export type PolicyResponse = z.infer<typeof policyResponseSchema>;
export type PolicyDecision = z.infer<typeof policyDecisionSchema>;
