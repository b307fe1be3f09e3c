import { z } from 'zod';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import { driftReportSchema } from './tenant-reports.ts';
import { lifecycleStates } from './lifecycle.ts';
import { placementStatusSchema } from './manifests/tenant.ts';
import { disabledReasons } from './manifests/webhook-endpoint.ts';
import type { OperationKind } from './lifecycle.ts';

/** What an event of one type means, and what is in its `data` besides the states before and after. */
export interface EventTypeContract {
  readonly summary: string;
  readonly data: z.ZodObject;
}

const named = z.strictObject({ uid: uidSchema, name: nameSchema });
const tenant = { tenant: named };

const onTenant = (summary: string, fields: z.ZodRawShape = {}): EventTypeContract => ({
  summary,
  data: z.strictObject({ ...tenant, ...fields }),
});

const ended = {
  operation: uidSchema,
  previousLifecycle: z.enum(lifecycleStates),
  lifecycle: z.enum([...lifecycleStates, 'Purged']),
  plan: nameSchema.optional().meta({ description: 'The plan now. Only for a change of plan.' }),
  placement: placementStatusSchema.optional(),
};
const succeeded = (summary: string): EventTypeContract => onTenant(summary, ended);
const failed = (kind: OperationKind): EventTypeContract =>
  onTenant(`The operation \`${kind}\` of a tenant ended without success and was undone.`, {
    ...ended,
    error: z
      .strictObject({ code: z.string(), fault: z.enum(['user', 'system']) })
      .optional()
      .meta({ description: 'Absent if the operation was cancelled.' }),
  });

const changed = { lifecycle: z.enum(lifecycleStates), generation: z.int().positive() };
const verified = {
  verification: uidSchema,
  time: timeSchema,
  mongod: z.array(z.string()).meta({ description: 'Versions of the mongods that were probed.' }),
  probes: z.int().nonnegative(),
  breaches: z.int().nonnegative(),
};

const removed = (kind: 'plan' | 'region' | 'template' | 'webhook'): EventTypeContract => ({
  summary: `A ${kind} was removed.`,
  data: z.strictObject({ [kind]: named }),
});
const onWebhook = (summary: string, fields: z.ZodRawShape = {}): EventTypeContract => ({
  summary,
  data: z.strictObject({ webhook: named, ...fields }),
});
const rollout = (what: string): EventTypeContract => ({
  summary: `A roll-out of a template version ${what}.`,
  data: z.strictObject({
    rollout: uidSchema,
    template: nameSchema,
    version: z.int().positive(),
    why: z.string().optional().meta({ description: 'Why the plane paused it.' }),
  }),
});

/**
 * Every type of event. A type never changes its meaning; a breaking change of its data is a new type with the next
 * version.
 */
const catalogue = {
  'tenant.created.v1': onTenant('A tenant was declared.', changed),
  'tenant.updated.v1': onTenant('The declaration of a tenant was changed.', changed),
  'tenant.activated.v1': succeeded('A tenant was provisioned and is Active.'),
  'tenant.activation_failed.v1': failed('activate'),
  'tenant.suspended.v1': succeeded('A tenant was suspended: its application has no access.'),
  'tenant.suspension_failed.v1': failed('suspend'),
  'tenant.resumed.v1': succeeded('A suspended tenant is Active again.'),
  'tenant.resumption_failed.v1': failed('resume'),
  'tenant.archived.v1': succeeded('A tenant was archived.'),
  'tenant.archival_failed.v1': failed('archive'),
  'tenant.reactivated.v1': succeeded('An archived tenant is Active again.'),
  'tenant.reactivation_failed.v1': failed('reactivate'),
  'tenant.deleted.v1': succeeded('A tenant was deleted; until its purge it can be restored.'),
  'tenant.deletion_failed.v1': failed('delete'),
  'tenant.undeleted.v1': succeeded('A deleted tenant was restored.'),
  'tenant.undeletion_failed.v1': failed('undelete'),
  'tenant.purged.v1': succeeded('A deleted tenant was destroyed, with its keys.'),
  'tenant.purge_failed.v1': failed('purge'),
  'tenant.plan_changed.v1': succeeded('A tenant has another plan.'),
  'tenant.plan_change_failed.v1': failed('change_plan'),
  'tenant.plan_change_scheduled.v1': onTenant('A change of plan was scheduled.', {
    plan: nameSchema,
    time: timeSchema,
  }),
  'tenant.plan_change_unscheduled.v1': onTenant('A scheduled change of plan was cancelled.'),
  'tenant.reconciled.v1': succeeded('What is declared for a tenant is in effect.'),
  'tenant.reconciliation_failed.v1': failed('reconcile'),
  'tenant.operation_abandoned.v1': onTenant(
    'The remaining work of an operation on a cell that is lost for good was abandoned.',
    {
      operation: uidSchema,
      cell: nameSchema,
      left: z.array(z.string()).meta({ description: 'What may be left on the cell.' }),
    },
  ),
  'tenant.drift_detected.v1': onTenant('What exists for a tenant differs from what is declared.', {
    count: z.int().positive(),
    findings: driftReportSchema.shape.findings.meta({ description: 'The first of them.' }),
  }),
  'tenant.isolation_verified.v1': onTenant('The isolation of a tenant was probed, and held.', verified),
  'tenant.isolation_breached.v1': onTenant('The isolation of a tenant was probed, and did not hold.', verified),
  'tenant.held.v1': onTenant('A legal hold was placed on a tenant: it cannot be deleted.'),
  'tenant.hold_released.v1': onTenant('The legal hold on a tenant was released.'),
  'plan.deleted.v1': removed('plan'),
  'region.deleted.v1': removed('region'),
  'template.deleted.v1': removed('template'),
  'webhook.deleted.v1': removed('webhook'),
  'webhook.tested.v1': onWebhook('Somebody has asked for a test delivery to a webhook. Only that webhook gets it.'),
  'webhook.failing.v1': onWebhook('A webhook has accepted nothing for a long time, and will be disabled.', {
    since: timeSchema,
    disableTime: timeSchema,
  }),
  'webhook.disabled.v1': onWebhook('Nothing is sent to a webhook any more, until it is enabled again.', {
    reason: z.enum(disabledReasons),
  }),
  'webhook.enabled.v1': onWebhook('A webhook that was disabled gets events again.'),
  'template.rollout_started.v1': rollout('was started'),
  'template.rollout_paused.v1': rollout('was paused'),
  'template.rollout_resumed.v1': rollout('was resumed'),
  'template.rollout_cancelled.v1': rollout('was cancelled'),
  'template.rollout_succeeded.v1': rollout('has reached all of its tenants'),
} as const satisfies Readonly<Record<string, EventTypeContract>>;

export type EventType = keyof typeof catalogue;
export const eventCatalogue: Readonly<Record<EventType, EventTypeContract>> = catalogue;
export const eventTypes = Object.keys(catalogue) as [EventType, ...EventType[]];

export function isEventType(text: string): text is EventType {
  return Object.hasOwn(catalogue, text);
}
