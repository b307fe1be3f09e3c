import type { AuditEntry } from '../../contracts/audit.ts';
import type { Event, EventTypeInfo } from '../../contracts/event.ts';
import type { Plan } from '../../contracts/manifests/plan.ts';
import type { Region } from '../../contracts/manifests/region.ts';
import type { PlacementStatus, Tenant } from '../../contracts/manifests/tenant.ts';
import type { TenantTemplate } from '../../contracts/manifests/tenant-template.ts';
import type { WebhookEndpoint } from '../../contracts/manifests/webhook-endpoint.ts';
import type { WebhookAttempt, WebhookDelivery } from '../../contracts/webhooks.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import type { RevisionSummary, TenantRevision } from '../../contracts/tenant-revision.ts';
import type { Tombstone } from '../../contracts/tombstone.ts';
import { formatAge, formatSpan } from '../text/duration.ts';
import type { Column } from '../text/table.ts';
import { actorOf, targetOf } from './entry-words.ts';

type Named = Tenant | TenantTemplate | Plan | Region | WebhookEndpoint;

const name: Column<Named> = { title: 'NAME', value: ({ metadata }) => metadata.name };
const age: Column<Named> = { title: 'AGE', value: ({ metadata }) => formatAge(metadata.createTime, Date.now()) };

export const tenantColumns: readonly Column<Tenant>[] = [
  name,
  { title: 'PLAN', value: ({ spec }) => spec.plan },
  { title: 'TEMPLATE', value: ({ spec }) => templateVersion(spec.template) ?? '' },
  { title: 'LIFECYCLE', value: ({ status }) => status.lifecycle, state: true },
  {
    title: 'READY',
    value: ({ status }) => status.conditions.find(({ type }) => type === 'Ready')?.status ?? '',
    state: true,
  },
  { title: 'REGION', value: ({ status }) => status.placement?.region ?? '' },
  age,
  { title: 'NOTES', value: notes },
  {
    title: 'OPERATION',
    value: ({ status: { operation } }) => (operation === undefined ? '' : `${operation.kind} ${operation.id}`),
  },
];

/** A version of a template in one word: `startup@3`. */
export function templateVersion(template: Tenant['spec']['template']): string | undefined {
  return template === undefined ? undefined : `${template.name}@${template.version}`;
}

/** What the state of a tenant does not show: a hold, and changes that are due. */
function notes({ spec: { hold }, status: { pending, scheduledPlan, deletion } }: Tenant): string {
  return [
    hold === undefined ? '' : 'held',
    pending === undefined ? '' : `then ${pending.kind}`,
    scheduledPlan === undefined ? '' : `plan ${scheduledPlan.name} ${day(scheduledPlan.time)}`,
    deletion === undefined ? '' : `purge ${day(deletion.purgeTime)}`,
  ]
    .filter((note) => note !== '')
    .join(', ');
}

/** The date of an RFC 3339 time, in UTC. */
function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

export const tenantRevisionColumns: readonly Column<TenantRevision>[] = [
  { title: 'NAME', value: ({ metadata }) => metadata.name },
  { title: 'GENERATION', value: ({ metadata }) => String(metadata.generation) },
  { title: 'SINCE', value: ({ metadata }) => metadata.time },
  { title: 'PLAN', value: ({ spec }) => spec.plan },
  { title: 'DECLARED', value: ({ spec }) => spec.lifecycle ?? '', state: true },
];

export const historyColumns: readonly Column<RevisionSummary>[] = [
  { title: 'GENERATION', value: ({ generation }) => String(generation) },
  { title: 'TIME', value: ({ time }) => time },
  { title: 'WHO', value: ({ actor }) => actor ?? '(erased)' },
  { title: 'ACTION', value: ({ action }) => action },
  { title: 'OPERATION', value: ({ operation }) => operation ?? '' },
  { title: 'CHANGED', value: ({ changed }) => changed.join(', ') },
];

export const planColumns: readonly Column<Plan>[] = [
  name,
  { title: 'MODES', value: ({ spec }) => spec.isolationModes.join(',') },
  { title: 'REGIONS', value: ({ spec }) => spec.allowedRegions?.join(',') ?? 'any' },
  { title: 'TABLES', value: ({ spec }) => String(spec.quotas.tables) },
  age,
];

export const templateColumns: readonly Column<TenantTemplate>[] = [
  name,
  { title: 'VERSION', value: ({ metadata }) => String(metadata.generation) },
  { title: 'KEYS', value: ({ spec }) => String(Object.keys(spec.config).length) },
  { title: 'SERVICES', value: ({ spec }) => (spec.services ?? []).map((service) => service.name).join(',') },
  age,
];

/** The current wave and their number; after the last one, the remaining tenants are a wave too. */
export function waveOf({ wave, waves }: Rollout): string {
  return wave > waves.length ? 'the rest' : `${wave}/${waves.length}`;
}

export const rolloutColumns: readonly Column<Rollout>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'TEMPLATE', value: ({ template, version }) => `${template}@${version}` },
  { title: 'STATE', value: ({ state }) => state, state: true },
  { title: 'WAVE', value: waveOf },
  { title: 'CHANGED', value: ({ counts }) => String(counts.changed) },
  { title: 'CHANGING', value: ({ counts }) => String(counts.changing) },
  { title: 'FAILED', value: ({ counts }) => String(counts.failed) },
  { title: 'SKIPPED', value: ({ counts }) => String(counts.skipped) },
  { title: 'TENANTS', value: ({ tenants }) => String(tenants) },
  { title: 'TOOK', value: ({ createTime, endTime }) => formatSpan(createTime, endTime, Date.now()) },
  { title: 'AGE', value: ({ createTime }) => formatAge(createTime, Date.now()) },
];

export const regionColumns: readonly Column<Region>[] = [
  name,
  { title: 'JURISDICTION', value: ({ spec }) => spec.jurisdiction },
  { title: 'CELLS', value: ({ spec }) => String(spec.cells.length) },
  { title: 'ACCEPTS-TENANTS', value: ({ spec }) => (spec.acceptsTenants ? 'yes' : 'no') },
  age,
];

/** What a webhook is doing, in one word. */
export function webhookState({ spec, status }: WebhookEndpoint): string {
  if (status.disabled !== undefined) return 'Disabled';
  return spec.enabled ? 'Enabled' : 'Paused';
}

export const webhookColumns: readonly Column<WebhookEndpoint>[] = [
  name,
  { title: 'URL', value: ({ spec }) => spec.url },
  { title: 'EVENTS', value: ({ spec }) => spec.events?.join(',') ?? 'all' },
  { title: 'STATE', value: webhookState, state: true },
  age,
];

export const deliveryColumns: readonly Column<WebhookDelivery>[] = [
  { title: 'EVENT', value: ({ event }) => event },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'STATE', value: ({ state }) => state, state: true },
  { title: 'ATTEMPTS', value: ({ attempts }) => String(attempts) },
  { title: 'NEXT', value: ({ nextTime }) => nextTime ?? '' },
  { title: 'FAILURE', value: ({ failure }) => failure?.code ?? '' },
  { title: 'DETAIL', value: ({ failure }) => failure?.detail ?? '' },
];

export const attemptColumns: readonly Column<WebhookAttempt>[] = [
  { title: 'TIME', value: ({ time }) => time },
  { title: 'EVENT', value: ({ event }) => event },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'ATTEMPT', value: ({ number }) => String(number) },
  { title: 'OUTCOME', value: ({ outcome }) => outcome },
  { title: 'STATUS', value: ({ status }) => (status === undefined ? '' : String(status)) },
  { title: 'MS', value: ({ durationMs }) => String(durationMs) },
  { title: 'RESPONSE', value: ({ detail, excerpt }) => detail ?? excerpt ?? '' },
];

export const tombstoneColumns: readonly Column<Tombstone>[] = [
  { title: 'UID', value: ({ uid }) => uid },
  { title: 'NAME', value: (tombstone) => tombstone.name },
  { title: 'CREATED', value: ({ createTime }) => createTime },
  { title: 'DELETED', value: ({ deleteTime }) => deleteTime },
  { title: 'PURGED', value: ({ purgeTime }) => purgeTime },
  { title: 'REGION', value: ({ placement }) => placement?.region ?? '' },
];

export const eventColumns: readonly Column<Event>[] = [
  { title: 'TIME', value: ({ time }) => time },
  { title: 'SUBJECT', value: ({ subject }) => subject },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'SEQUENCE', value: ({ sequence }) => String(Number(sequence)) },
  { title: 'OPERATION', value: ({ operationid }) => operationid ?? '' },
  { title: 'ID', value: ({ id }) => id },
];

export const auditColumns: readonly Column<AuditEntry>[] = [
  { title: 'TIME', value: ({ entry }) => entry.time },
  { title: 'WHO', value: actorOf },
  { title: 'ACTION', value: ({ entry }) => entry.action },
  { title: 'TARGET', value: targetOf },
  { title: 'OUTCOME', value: ({ entry }) => entry.outcome },
  { title: 'REASON', value: ({ entry }) => entry.reason ?? '' },
  { title: 'ID', value: ({ entry }) => entry.id },
];

export const eventTypeColumns: readonly Column<EventTypeInfo>[] = [
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'SUMMARY', value: ({ summary }) => summary },
];

export const operationColumns: readonly Column<Operation>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'TENANT', value: ({ tenant }) => tenant.name },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'STATE', value: ({ state }) => state, state: true },
  { title: 'STEPS', value: ({ progress }) => `${progress.done}/${progress.total}` },
  { title: 'TOOK', value: ({ startTime, endTime }) => formatSpan(startTime, endTime, Date.now()) },
  { title: 'AGE', value: ({ createTime }) => formatAge(createTime, Date.now()) },
  { title: 'ERROR', value: ({ error }) => error?.code ?? '' },
];

export const stepColumns: readonly Column<Operation['steps'][number]>[] = [
  { title: 'STEP', value: ({ title }) => title },
  { title: 'STATE', value: ({ state }) => state, state: true },
  { title: 'ATTEMPTS', value: ({ attempts }) => String(attempts) },
  { title: 'TOOK', value: ({ startTime, endTime }) => formatSpan(startTime, endTime, Date.now()) },
  { title: 'RESULT', value: ({ result }) => result ?? '' },
];

/** A placement on one line. */
export function placed({ mode, region, cell, database }: PlacementStatus): string {
  return `${mode} in ${region}, cell ${cell}, database ${database}`;
}
