import { z } from 'zod';
import { nameSchema, timeSchema } from '../identifiers.ts';
import type { OperationKind } from '../lifecycle.ts';
import { tenantManifestSchema, tenantSchema } from '../manifests/tenant.ts';
import { operationSchema } from '../operation.ts';
import { planPreviewSchema } from '../tenant-reports.ts';
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
} from './route-contract.ts';

/** Query parameters that filter tenants. */
export const tenantFilter = {
  labelSelector: z.string().max(2048).optional().meta({
    description:
      'Kubernetes syntax: `env=prod,tier in (a,b),!canary`. Put values with other characters in double quotes',
  }),
  lifecycle: z.string().max(128).optional().meta({ description: 'Lifecycle states, separated by commas' }),
  plan: nameSchema.optional().meta({ description: 'Name of the plan' }),
  template: nameSchema.optional().meta({ description: 'Name of the template' }),
  region: nameSchema.optional().meta({ description: 'Name of the region in which the tenant is placed' }),
  namePrefix: z
    .string()
    .max(63)
    .regex(/^([a-z][a-z0-9-]*)?$/, 'must be a prefix of a name')
    .optional()
    .meta({ description: 'Prefix of the name' }),
  condition: z.string().max(512).optional().meta({
    description: '`TYPE=STATUS` or `TYPE!=STATUS`, separated by commas. A missing condition counts as Unknown',
  }),
  showDeleted: z.enum(['true', 'false']).optional().meta({
    description:
      '`true` or `false`: whether to include deleted tenants. They are also included if `lifecycle` contains Deleted',
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

/** A tenant change returns 200 or 201 when it is done, and 202 with the operation while the operation still runs. */
const tenantChangeSchema = z
  .strictObject({
    tenant: tenantSchema,
    operation: operationSchema.optional(),
    following: z.array(operationSchema).optional().meta({
      description:
        'Operations that run one after another once this one has succeeded. The declared change needs all of them.',
    }),
    warnings: z.array(problemDetailSchema).optional().meta({
      description:
        'Dry run only: what mongod would reject now, or reject later when the tenant writes. Absent if there are no warnings.',
    }),
  })
  .meta({ title: 'TenantChange' });

const confirmable = {
  confirmMassChange: yesOrNo.meta({
    description: '`true` or `false`: an admin confirms that a change to many tenants is intended.',
  }),
};
const verbQuery = z.strictObject({
  preempt: yesOrNo.meta({
    description:
      '`true` or `false`: cancel and undo a running operation first, if this path can start from the state that results.',
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

/** The route of a lifecycle path. */
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

const immediateVerb = {
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
      'List the tenants that the caller may see, by name. All filters must match. A page can hold fewer tenants than requested, or none, even if more pages follow: continue while nextPageToken is present.',
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
    summary: 'Read one tenant, or, with `at`, what an earlier generation declared.',
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
    summary: 'List the revisions of a tenant, newest first.',
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
    summary: 'Compare two generations of a tenant: labels, annotations and spec.',
    action: 'tenant.get',
    params: byName,
    query: z.strictObject({
      from: pointInTimeSchema
        .optional()
        .meta({ description: 'Number of a generation, or RFC 3339 time; if omitted, the generation before `to`' }),
      to: pointInTimeSchema
        .optional()
        .meta({ description: 'Number of a generation, or RFC 3339 time; if omitted, the current generation' }),
    }),
    responses: { 200: tenantDifferenceSchema },
    ...read,
    problems: ['not_found'],
  },
  putTenant: {
    method: 'PUT',
    path: '/v1/tenants/{name}',
    summary: 'Declare a tenant: create or replace it.',
    action: 'tenant.update',
    params: byName,
    query: z.strictObject({
      force: yesOrNo.meta({ description: '`true` or `false`: also reverse changes made by verbs.' }),
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
  activateTenant: lifecycleVerb('activate', 'Activate a Draft tenant.'),
  suspendTenant: lifecycleVerb('suspend', 'Suspend an Active tenant: its access to its data is revoked immediately.'),
  resumeTenant: lifecycleVerb('resume', 'Resume a Suspended tenant: its access to its data is restored.'),
  archiveTenant: lifecycleVerb(
    'archive',
    'Archive a Suspended tenant: its data is kept, its user and secondary indexes are removed.',
  ),
  reactivateTenant: lifecycleVerb('reactivate', 'Reactivate an Archived tenant.'),
  undeleteTenant: lifecycleVerb('undelete', 'Restore a Deleted tenant to the state from which it was deleted.'),
  reconcileTenant: lifecycleVerb('reconcile', 'Reconcile a tenant: make its cell match what is declared.'),
  deleteTenant: {
    ...lifecycleVerb('delete', 'Delete a Draft or Archived tenant. It can be undeleted until its purge.'),
    method: 'DELETE',
    path: '/v1/tenants/{name}',
    body: undefined,
  },
  purgeTenant: {
    ...lifecycleVerb(
      'purge',
      'Destroy the data and keys of a Deleted tenant. A tombstone remains, and the name can be reused.',
    ),
    body: z
      .strictObject({
        early: z
          .boolean()
          .default(false)
          .meta({ description: 'Purge before the scheduled time. This cannot be undone.' }),
      })
      .optional(),
  },
  changePlanOfTenant: {
    ...lifecycleVerb('change_plan', 'Change the plan of a tenant, now or at a given time.'),
    body: z.strictObject({
      plan: nameSchema,
      time: timeSchema
        .optional()
        .meta({ description: 'When the change takes effect; immediately if omitted or in the past.' }),
    }),
  },
  cancelPlanChangeOfTenant: {
    ...immediateVerb,
    path: '/v1/tenants/{name}:cancel-plan-change',
    summary: 'Cancel a scheduled plan change.',
    action: 'tenant.change_plan',
    body: z.strictObject({}).optional(),
  },
  previewPlanOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:preview-plan',
    summary: 'Preview a plan change: quotas, cost and the policy decision.',
    action: 'tenant.get',
    params: byName,
    query: z.strictObject({ plan: nameSchema }),
    responses: { 200: planPreviewSchema },
    ...read,
    problems: ['not_found'],
  },
  holdTenant: {
    ...immediateVerb,
    path: '/v1/tenants/{name}:hold',
    summary: 'Set a legal hold: the tenant cannot be deleted or purged.',
    action: 'tenant.hold',
    body: z.strictObject({ reason: z.string().min(1).max(512) }),
  },
  releaseHoldOfTenant: {
    ...immediateVerb,
    path: '/v1/tenants/{name}:release-hold',
    summary: 'Release the legal hold.',
    action: 'tenant.release_hold',
    body: z.strictObject({}).optional(),
  },
  rollbackTenant: {
    method: 'POST',
    path: '/v1/tenants/{name}:rollback',
    summary:
      'Roll back to an earlier generation: declare its content again as a new generation. Lifecycle and placement do not change.',
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
    summary: 'Lease access to the database of a tenant, or renew a lease.',
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
