import { z } from 'zod';
import { nameSchema, timeSchema } from '../identifiers.ts';
import type { OperationKind } from '../lifecycle.ts';
import { tenantManifestSchema, tenantSchema } from '../manifests/tenant.ts';
import { operationSchema } from '../operation.ts';
import { planPreviewSchema } from '../plan-preview.ts';
import { problemDetailSchema } from '../problem-document.ts';
import type { ProblemCode } from '../problems.ts';
import { openTenantBodySchema, tenantAccessSchema } from '../tenant-access.ts';
import {
  pointInTimeSchema,
  revisionSummarySchema,
  tenantDifferenceSchema,
  tenantRevisionSchema,
} from '../tenant-revision.ts';
import type { RouteContract } from './route-contract.ts';
import {
  apply,
  byName,
  changeProblems,
  changeQuery,
  listOf,
  listQuery,
  noParams,
  noQuery,
  page,
  read,
  rehearsable,
  yesOrNo,
} from './route-parts.ts';

/** What tenants may be asked for by. */
export const tenantFilter = {
  labelSelector: z.string().max(2048).optional().meta({
    description:
      'As in Kubernetes: `env=prod,tier in (a,b),!canary`. A value of other characters stands in double quotes',
  }),
  lifecycle: z.string().max(128).optional().meta({ description: 'States, with commas between them' }),
  plan: nameSchema.optional().meta({ description: 'Name of the plan' }),
  template: nameSchema.optional().meta({ description: 'Name of the template' }),
  region: nameSchema.optional().meta({ description: 'Where it is placed' }),
  namePrefix: z
    .string()
    .max(63)
    .regex(/^([a-z][a-z0-9-]*)?$/, 'must be the beginning of a name')
    .optional()
    .meta({ description: 'Beginning of the name' }),
  condition: z.string().max(512).optional().meta({
    description: '`TYPE=STATUS` or `TYPE!=STATUS`, with commas between several. One that is not there is Unknown',
  }),
  showDeleted: z.enum(['true', 'false']).optional().meta({
    description: '`true` or `false`: whether deleted ones are listed. They are too where `lifecycle` names Deleted',
  }),
};

const tenantChangeProblems = [
  ...changeProblems,
  'operation_in_progress',
  'policy_refused',
  'placement_impossible',
  'template_not_available',
  'isolation_not_available',
  'transition_not_allowed',
  'temporal_unavailable',
  'cell_unavailable',
  'clock_off',
] as const satisfies readonly ProblemCode[];

/** A tenant change answers 200 or 201 when it is done, 202 with the operation when it runs on. */
const tenantChangeSchema = z
  .strictObject({
    tenant: tenantSchema,
    operation: operationSchema.optional(),
    following: z.array(operationSchema).optional().meta({
      description:
        'The operations that begin one after the other when this one has succeeded: what was declared takes them all.',
    }),
    warnings: z.array(problemDetailSchema).optional().meta({
      description:
        'Of a dry run: what mongod would refuse, or would refuse to whoever writes. Absent where there is nothing to tell.',
    }),
  })
  .meta({ title: 'TenantChange' });

const confirmable = {
  confirmMassChange: yesOrNo.meta({ description: '`true` or `false`: an admin says that many tenants are meant.' }),
};
const verbQuery = z.strictObject({
  preempt: yesOrNo.meta({
    description:
      '`true` or `false`: have a running operation cancelled and undone first, where the path leads on from there.',
  }),
  ...confirmable,
  ...rehearsable,
});
const verbProblems = [
  ...tenantChangeProblems,
  'idempotency_key_missing',
  'not_found',
  'already_exists',
  'precondition_failed',
  'revision_stale',
  'precondition_required',
  'tenant_held',
  'mass_change_braked',
] as const satisfies readonly ProblemCode[];

/** A lifecycle path by its name. */
function lifecycleVerb<Path extends OperationKind>(path: Path, summary: string) {
  return {
    method: 'POST',
    path: `/v1/tenants/{name}:${path.replace('_', '-')}`,
    summary,
    action: `tenant.${path}`,
    params: byName,
    query: verbQuery,
    body: z.strictObject({}).optional(),
    responses: { 200: tenantChangeSchema, 202: tenantChangeSchema },
    idempotencyKey: 'required',
    precondition: 'required',
    problems: verbProblems,
  } as const;
}

const settledVerb = {
  method: 'POST',
  params: byName,
  query: changeQuery,
  responses: { 200: tenantSchema },
  idempotencyKey: 'required',
  precondition: 'required',
  problems: [
    ...changeProblems,
    'idempotency_key_missing',
    'not_found',
    'already_exists',
    'precondition_failed',
    'revision_stale',
    'precondition_required',
    'operation_in_progress',
    'policy_refused',
  ],
} as const;

export const tenantRoutes = {
  createTenant: {
    method: 'POST',
    path: '/v1/tenants',
    summary: 'Declare a new tenant.',
    action: 'tenant.create',
    params: noParams,
    query: changeQuery,
    body: tenantManifestSchema,
    responses: { 201: tenantChangeSchema, 202: tenantChangeSchema },
    responsesWith: { parameter: 'dryRun', responses: { 200: tenantChangeSchema } },
    idempotencyKey: 'required',
    precondition: 'none',
    problems: [...tenantChangeProblems, 'idempotency_key_missing', 'not_found', 'already_exists', 'tenant_held'],
  },
  listTenants: {
    method: 'GET',
    path: '/v1/tenants',
    summary:
      'List the tenants the caller may see, by name. All of the filter must be so. Of many tenants a page can hold fewer than asked for, or none, while there are more: go on as long as there is a nextPageToken.',
    action: 'tenant.list',
    params: noParams,
    query: z.strictObject({ ...page, ...tenantFilter }),
    responses: { 200: listOf(tenantSchema) },
    ...read,
    problems: ['page_token_invalid'],
  },
  getTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}',
    summary: 'Read one tenant; with `at`, what an earlier generation declared.',
    action: 'tenant.get',
    params: byName,
    query: z.strictObject({
      at: pointInTimeSchema.optional().meta({ description: 'Number of a generation, or RFC 3339 time' }),
    }),
    responses: { 200: tenantSchema },
    responsesWith: { parameter: 'at', responses: { 200: tenantRevisionSchema } },
    ...read,
    problems: ['not_found'],
  },
  listTenantRevisions: {
    method: 'GET',
    path: '/v1/tenants/{name}/revisions',
    summary: 'List what was declared of a tenant, newest first.',
    action: 'tenant.get',
    params: byName,
    query: listQuery,
    responses: { 200: listOf(revisionSummarySchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
  diffTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:diff',
    summary: 'Say what differs between two generations of a tenant, in labels, annotations and spec.',
    action: 'tenant.get',
    params: byName,
    query: z.strictObject({
      from: pointInTimeSchema
        .optional()
        .meta({ description: 'Number of a generation, or RFC 3339 time; the one before `to` when absent' }),
      to: pointInTimeSchema.optional().meta({ description: 'The same; the current one when absent' }),
    }),
    responses: { 200: tenantDifferenceSchema },
    ...read,
    problems: ['not_found'],
  },
  putTenant: {
    method: 'PUT',
    path: '/v1/tenants/{name}',
    summary: 'Declare what a tenant should be: create or replace.',
    action: 'tenant.update',
    params: byName,
    query: z.strictObject({
      force: yesOrNo.meta({ description: 'Reverse also what a verb has set.' }),
      ...confirmable,
      ...rehearsable,
    }),
    body: tenantManifestSchema,
    responses: { 200: tenantChangeSchema, 201: tenantChangeSchema, 202: tenantChangeSchema },
    ...apply,
    problems: [
      ...tenantChangeProblems,
      'not_found',
      'already_exists',
      'precondition_failed',
      'revision_stale',
      'precondition_required',
      'placement_immutable',
      'change_not_available',
      'field_owned',
      'tenant_held',
      'tenant_deleted',
      'mass_change_braked',
    ],
  },
  activateTenant: lifecycleVerb('activate', 'Bring a Draft tenant to Active.'),
  suspendTenant: lifecycleVerb('suspend', 'Take an Active tenant’s access to its data away, at once.'),
  resumeTenant: lifecycleVerb('resume', 'Give a Suspended tenant its access back.'),
  archiveTenant: lifecycleVerb(
    'archive',
    'Put a Suspended tenant away: its data stays, its user and secondary indexes go.',
  ),
  reactivateTenant: lifecycleVerb('reactivate', 'Bring an Archived tenant back to Active.'),
  undeleteTenant: lifecycleVerb('undelete', 'Bring a Deleted tenant back to where it was deleted from.'),
  reconcileTenant: lifecycleVerb('reconcile', 'Bring everything of a tenant on its cell to what is declared.'),
  deleteTenant: {
    ...lifecycleVerb('delete', 'Delete a Draft or Archived tenant. It can be brought back until its purge.'),
    method: 'DELETE',
    path: '/v1/tenants/{name}',
    body: undefined,
  },
  purgeTenant: {
    ...lifecycleVerb('purge', 'Destroy a Deleted tenant’s data and keys. A tombstone is left, and the name is free.'),
    body: z
      .strictObject({
        early: z.boolean().default(false).meta({ description: 'Before its time. Nothing brings the tenant back.' }),
      })
      .optional(),
  },
  changePlanOfTenant: {
    ...lifecycleVerb('change_plan', 'Change the plan, now or at a time.'),
    body: z.strictObject({
      plan: nameSchema,
      time: timeSchema.optional().meta({ description: 'When it is to take effect; absent or past: now.' }),
    }),
  },
  cancelPlanChangeOfTenant: {
    ...settledVerb,
    path: '/v1/tenants/{name}:cancel-plan-change',
    summary: 'Take back a change of plan that waits for its time.',
    action: 'tenant.change_plan',
    body: z.strictObject({}).optional(),
  },
  previewPlanOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:preview-plan',
    summary: 'What a change of plan would mean: quotas, cost, and what policy says.',
    action: 'tenant.get',
    params: byName,
    query: z.strictObject({ plan: nameSchema }),
    responses: { 200: planPreviewSchema },
    ...read,
    problems: ['not_found'],
  },
  holdTenant: {
    ...settledVerb,
    path: '/v1/tenants/{name}:hold',
    summary: 'Set a legal hold: the tenant is neither deleted nor purged.',
    action: 'tenant.hold',
    body: z.strictObject({ reason: z.string().min(1).max(512) }),
  },
  releaseHoldOfTenant: {
    ...settledVerb,
    path: '/v1/tenants/{name}:release-hold',
    summary: 'Lift the legal hold.',
    action: 'tenant.release_hold',
    body: z.strictObject({}).optional(),
  },
  rollbackTenant: {
    method: 'POST',
    path: '/v1/tenants/{name}:rollback',
    summary:
      'Declare again what an earlier generation declared, as a new one. Lifecycle and placement stay as they are.',
    action: 'tenant.update',
    params: byName,
    query: changeQuery,
    body: z.strictObject({ generation: z.int().positive() }),
    responses: { 200: tenantChangeSchema, 202: tenantChangeSchema },
    idempotencyKey: 'required',
    precondition: 'required',
    problems: [
      ...tenantChangeProblems,
      'idempotency_key_missing',
      'not_found',
      'already_exists',
      'precondition_failed',
      'revision_stale',
      'precondition_required',
      'placement_immutable',
      'change_not_available',
      'tenant_deleted',
    ],
  },
  openTenant: {
    method: 'POST',
    path: '/v1/tenants/{name}:open',
    summary: 'Lease access to a tenant’s database, or renew the lease.',
    action: 'tenant.open',
    params: byName,
    query: noQuery,
    body: openTenantBodySchema,
    responses: { 200: tenantAccessSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: [
      'body_too_large',
      'media_type_unsupported',
      'not_found',
      'policy_refused',
      'operation_in_progress',
      'cell_unavailable',
      'cell_mismatch',
      'keys_unavailable',
    ],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
