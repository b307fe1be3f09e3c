import { z } from 'zod';
import { accessQuerySchema, accessVerdictSchema, callerSchema } from './access.ts';
import { nameSchema, timeSchema, uidSchema } from './identifiers.ts';
import type { OperationKind } from './lifecycle.ts';
import { planManifestSchema, planSchema } from './manifests/plan.ts';
import { regionManifestSchema, regionSchema } from './manifests/region.ts';
import { tenantManifestSchema, tenantSchema } from './manifests/tenant.ts';
import { operationSchema } from './operation.ts';
import { operationStates } from './operation-states.ts';
import { driftReportSchema } from './drift-report.ts';
import { isolationVerificationSchema } from './isolation-report.ts';
import { placementExplanationSchema } from './placement-explanation.ts';
import { planPreviewSchema } from './plan-preview.ts';
import type { PolicyAction } from './policy.ts';
import { problemDetailSchema } from './problem-document.ts';
import type { ProblemCode } from './problems.ts';
import { tombstoneSchema } from './tombstone.ts';
import { tenantConfigReportSchema } from './tenant-config-report.ts';
import { rolloutPreviewSchema, rolloutRequestSchema, rolloutSchema } from './rollout.ts';
import { tenantTemplateManifestSchema, tenantTemplateSchema } from './manifests/tenant-template.ts';
import { openTenantBodySchema, tenantAccessSchema } from './tenant-access.ts';
import {
  pointInTimeSchema,
  revisionSummarySchema,
  tenantDifferenceSchema,
  tenantRevisionSchema,
} from './tenant-revision.ts';

/** How the end of a route is announced: by the headers Deprecation (RFC 9745) and Sunset (RFC 8594), in OpenAPI and in the reference. */
export interface RouteDeprecation {
  /** Since when it should no longer be used. RFC 3339. */
  readonly since: string;
  /** When it may stop answering. RFC 3339; absent: not decided. */
  readonly sunset?: string;
  /** What to do instead, for people. */
  readonly fix: string;
}

/** What one route promises. Parsing, authorization, the client and the reference are read from it. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` stands for one path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly action: PolicyAction;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType | undefined;
  /** Answers by status; every other status is a problem. */
  readonly responses: Readonly<Record<number, z.ZodType>>;
  /** Answers where this query parameter is sent, in place of `responses`. */
  readonly responsesWith?: { readonly parameter: string; readonly responses: Readonly<Record<number, z.ZodType>> };
  readonly deprecation?: RouteDeprecation;
  /** `required`: the request is refused without it. `optional`: honoured when sent. `none`: the route changes nothing. */
  readonly idempotencyKey: 'required' | 'optional' | 'none';
  /** `required`: If-Match or If-None-Match must be sent. */
  readonly precondition: 'required' | 'none';
  /** Problems beyond those that every route can answer with. */
  readonly problems: readonly ProblemCode[];
}

/** Problems that any route can answer with. */
export const commonProblems = [
  'request_invalid',
  'headers_too_large',
  'unauthenticated',
  'forbidden',
  'method_not_allowed',
  'route_not_found',
  'too_many_requests',
  'internal',
  'control_unavailable',
  'policy_unavailable',
] as const satisfies readonly ProblemCode[];

const noParams = z.strictObject({});
const noQuery = z.strictObject({});
const byName = z.strictObject({ name: nameSchema });
const byId = z.strictObject({ id: uidSchema });
const page = {
  pageSize: z.coerce.number<number>().int().min(1).max(500).default(100),
  pageToken: z.string().max(512).optional(),
};
const listQuery = z.strictObject(page);
/** What tenants may be asked for by. */
export const tenantFilter = {
  labelSelector: z
    .string()
    .max(2048)
    .optional()
    .meta({
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
  condition: z
    .string()
    .max(512)
    .optional()
    .meta({
      description: '`TYPE=STATUS` or `TYPE!=STATUS`, with commas between several. One that is not there is Unknown',
    }),
  showDeleted: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description: '`true` or `false`: whether deleted ones are listed. They are too where `lifecycle` names Deleted',
    }),
};

function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextPageToken: z.string().optional() });
}

const changeProblems = [
  'body_too_large',
  'media_type_unsupported',
  'idempotency_in_progress',
  'idempotency_key_reused',
] as const satisfies readonly ProblemCode[];
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

const yesOrNo = z.enum(['true', 'false']).optional();
/** Of every route that changes control data. */
const rehearsable = {
  dryRun: yesOrNo.meta({
    description:
      '`true` or `false`: everything is checked and nothing is changed. The answer, 200, is what would stand; ids that are new in it are given to nothing.',
  }),
};
const changeQuery = z.strictObject(rehearsable);

/** A tenant change answers 200 or 201 when it is done, 202 with the operation when it runs on. */
const tenantChangeSchema = z
  .strictObject({
    tenant: tenantSchema,
    operation: operationSchema.optional(),
    following: z
      .array(operationSchema)
      .optional()
      .meta({
        description:
          'The operations that begin one after the other when this one has succeeded: what was declared takes them all.',
      }),
    warnings: z
      .array(problemDetailSchema)
      .optional()
      .meta({
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

const putProblems = [
  ...changeProblems,
  'not_found',
  'already_exists',
  'precondition_failed',
  'revision_stale',
  'precondition_required',
] as const satisfies readonly ProblemCode[];
const apply = { idempotencyKey: 'optional', precondition: 'required' } as const;
const read = { body: undefined, idempotencyKey: 'none', precondition: 'none' } as const;

function rolloutVerb(verb: 'pause' | 'resume' | 'cancel', summary: string) {
  return {
    method: 'POST',
    path: `/v1/rollouts/{id}:${verb}`,
    summary,
    action: 'template.roll_out',
    params: byId,
    query: changeQuery,
    body: z.strictObject({}).optional(),
    responses: { 200: rolloutSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: ['body_too_large', 'media_type_unsupported', 'not_found', 'rollout_not_possible'],
  } as const;
}

/** What only declares: it is listed, read and declared, and nothing runs for it. */
type DeclaredKind = 'plan' | 'region' | 'template';

function listDeclared<Kind extends DeclaredKind, Item extends z.ZodType>(kind: Kind, item: Item) {
  return {
    method: 'GET',
    path: `/v1/${kind}s`,
    summary: `List the ${kind}s.`,
    action: `${kind}.list`,
    params: noParams,
    query: listQuery,
    responses: { 200: listOf(item) },
    ...read,
    problems: ['page_token_invalid'],
  } as const;
}

function getDeclared<Kind extends DeclaredKind, Item extends z.ZodType>(
  kind: Kind,
  item: Item,
  summary = `Read one ${kind}.`,
) {
  return {
    method: 'GET',
    path: `/v1/${kind}s/{name}`,
    summary,
    action: `${kind}.get`,
    params: byName,
    query: noQuery,
    responses: { 200: item },
    ...read,
    problems: ['not_found'],
  } as const;
}

function putDeclared<Kind extends DeclaredKind, Manifest extends z.ZodType, Item extends z.ZodType>(
  kind: Kind,
  manifest: Manifest,
  item: Item,
  summary = `Declare a ${kind}: create or replace.`,
) {
  return {
    method: 'PUT',
    path: `/v1/${kind}s/{name}`,
    summary,
    action: `${kind}.apply`,
    params: byName,
    query: changeQuery,
    body: manifest,
    responses: { 200: item, 201: item },
    ...apply,
    problems: putProblems,
  } as const;
}

function deleteDeclared<Kind extends DeclaredKind, Item extends z.ZodType>(kind: Kind, item: Item) {
  return {
    method: 'DELETE',
    path: `/v1/${kind}s/{name}`,
    summary: `Remove a ${kind} that nothing uses.`,
    action: `${kind}.delete`,
    params: byName,
    query: changeQuery,
    body: undefined,
    responses: { 200: item },
    ...apply,
    problems: [
      'idempotency_in_progress',
      'idempotency_key_reused',
      'not_found',
      'already_exists',
      'precondition_failed',
      'revision_stale',
      'precondition_required',
      'resource_in_use',
    ],
  } as const;
}

export const routes = {
  getCaller: {
    method: 'GET',
    path: '/v1/caller',
    summary: 'Say who the token speaks for, and until when.',
    action: 'access.check',
    params: noParams,
    query: noQuery,
    responses: { 200: callerSchema },
    ...read,
    problems: [],
  },
  checkAccess: {
    method: 'GET',
    path: '/v1/access',
    summary:
      'Say whether policy lets the caller do something. Nothing is tried: whether the state of a resource allows it is another question, and the ledger is told of none.',
    action: 'access.check',
    params: noParams,
    query: accessQuerySchema,
    responses: { 200: accessVerdictSchema },
    ...read,
    problems: [],
  },
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
  explainPlacementOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:explain-placement',
    summary: 'Which regions and cells could take the tenant now, and which rule removed each other one.',
    action: 'tenant.get',
    params: byName,
    query: noQuery,
    responses: { 200: placementExplanationSchema },
    ...read,
    problems: ['not_found'],
  },
  driftOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:drift',
    summary: 'In what the tenant’s home differed from what is declared, when it was last looked at.',
    action: 'tenant.get',
    params: byName,
    query: noQuery,
    responses: { 200: driftReportSchema },
    ...read,
    problems: ['not_found'],
  },
  configOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:config',
    summary: 'The tenant’s configuration in effect, and where each value comes from.',
    action: 'tenant.get',
    params: byName,
    query: noQuery,
    responses: { 200: tenantConfigReportSchema },
    ...read,
    problems: ['not_found'],
  },
  verifyIsolationOfTenant: {
    method: 'POST',
    path: '/v1/tenants/{name}:verify-isolation',
    summary:
      'Try with the real credentials of two Active tenants, both ways, whether one gets at the other. Where that is under way already, it is joined.',
    action: 'tenant.verify_isolation',
    params: byName,
    query: changeQuery,
    body: z.strictObject({ against: nameSchema.meta({ description: 'The other tenant.' }) }),
    responses: { 202: isolationVerificationSchema },
    responsesWith: { parameter: 'dryRun', responses: { 200: isolationVerificationSchema } },
    idempotencyKey: 'required',
    precondition: 'none',
    problems: [
      ...changeProblems,
      'idempotency_key_missing',
      'not_found',
      'tenant_not_active',
      'operation_in_progress',
      'temporal_unavailable',
    ],
  },
  isolationReportOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:isolation-report',
    summary: 'How the last verification of a tenant’s isolation stands, and what it has found. It names both tenants.',
    action: 'tenant.verify_isolation',
    params: byName,
    query: z.strictObject({
      against: nameSchema.optional().meta({ description: 'The other tenant; absent: of the last verification' }),
    }),
    responses: { 200: isolationVerificationSchema },
    ...read,
    problems: ['not_found'],
  },
  listTombstones: {
    method: 'GET',
    path: '/v1/tombstones',
    summary: 'List what is left of purged tenants, the youngest tenant first.',
    action: 'tenant.list',
    params: noParams,
    query: z.strictObject({ ...page, name: nameSchema.optional() }),
    responses: { 200: listOf(tombstoneSchema) },
    ...read,
    problems: ['page_token_invalid'],
  },
  getTombstone: {
    method: 'GET',
    path: '/v1/tombstones/{uid}',
    summary: 'Read what is left of one purged tenant.',
    action: 'tenant.get',
    params: z.strictObject({ uid: uidSchema }),
    query: noQuery,
    responses: { 200: tombstoneSchema },
    ...read,
    problems: ['not_found'],
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
  listTemplates: listDeclared('template', tenantTemplateSchema),
  getTemplate: getDeclared('template', tenantTemplateSchema, 'Read one template in its latest version.'),
  putTemplate: putDeclared(
    'template',
    tenantTemplateManifestSchema,
    tenantTemplateSchema,
    'Declare a template: create it, or make a new version, which no tenant has before it is rolled out.',
  ),
  deleteTemplate: deleteDeclared('template', tenantTemplateSchema),
  previewRollout: {
    method: 'GET',
    path: '/v1/templates/{name}:preview-roll-out',
    summary:
      'List which tenants a version would change, and in what. A page can hold fewer than asked for, or none, while there are more.',
    action: 'template.roll_out',
    params: byName,
    query: z.strictObject({
      ...page,
      version: z.coerce.number<number>().int().positive().optional().meta({ description: 'The latest when absent' }),
      labelSelector: z.string().max(1024).optional().meta({ description: 'Only tenants with such labels' }),
    }),
    responses: { 200: listOf(rolloutPreviewSchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found', 'template_not_available'],
  },
  startRollout: {
    method: 'POST',
    path: '/v1/templates/{name}:roll-out',
    summary: 'Bring a version of a template to its tenants, wave by wave.',
    action: 'template.roll_out',
    params: byName,
    query: changeQuery,
    body: rolloutRequestSchema,
    responses: { 202: rolloutSchema },
    responsesWith: { parameter: 'dryRun', responses: { 200: rolloutSchema } },
    idempotencyKey: 'required',
    precondition: 'none',
    problems: [
      ...changeProblems,
      'idempotency_key_missing',
      'not_found',
      'template_not_available',
      'rollout_not_possible',
      'temporal_unavailable',
    ],
  },
  listRollouts: {
    method: 'GET',
    path: '/v1/templates/{name}/rollouts',
    summary: 'List the roll-outs of a template, newest first.',
    action: 'rollout.get',
    params: byName,
    query: listQuery,
    responses: { 200: listOf(rolloutSchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
  getRollout: {
    method: 'GET',
    path: '/v1/rollouts/{id}',
    summary: 'Read how far a roll-out is.',
    action: 'rollout.get',
    params: byId,
    query: noQuery,
    responses: { 200: rolloutSchema },
    ...read,
    problems: ['not_found'],
  },
  pauseRollout: rolloutVerb('pause', 'Begin with no further tenants.'),
  resumeRollout: {
    ...rolloutVerb('resume', 'Go on with a paused roll-out, with the tenants that could not be changed first.'),
    // Said again after it has paused itself once more, it would go on without tenants that nobody has looked at.
    idempotencyKey: 'optional',
    problems: [...changeProblems, 'not_found', 'rollout_not_possible'],
    body: z
      .strictObject({ skipFailed: z.boolean().default(false).meta({ description: 'Go on without those tenants.' }) })
      .optional(),
  },
  cancelRollout: rolloutVerb('cancel', 'End a roll-out; the tenants that have been changed stay so.'),
  listPlans: listDeclared('plan', planSchema),
  getPlan: getDeclared('plan', planSchema),
  putPlan: putDeclared('plan', planManifestSchema, planSchema),
  deletePlan: deleteDeclared('plan', planSchema),
  listRegions: listDeclared('region', regionSchema),
  getRegion: getDeclared('region', regionSchema),
  putRegion: {
    ...putDeclared('region', regionManifestSchema, regionSchema),
    problems: [...putProblems, 'change_not_available'],
  },
  deleteRegion: deleteDeclared('region', regionSchema),
  listOperations: {
    method: 'GET',
    path: '/v1/operations',
    summary: 'List operations, newest first.',
    action: 'operation.list',
    params: noParams,
    query: z.strictObject({ ...page, tenant: nameSchema.optional(), state: z.enum(operationStates).optional() }),
    responses: { 200: listOf(operationSchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
  getOperation: {
    method: 'GET',
    path: '/v1/operations/{id}',
    summary: 'Read one operation.',
    action: 'operation.get',
    params: byId,
    query: noQuery,
    responses: { 200: operationSchema },
    ...read,
    problems: ['not_found'],
  },
  cancelOperation: {
    method: 'POST',
    path: '/v1/operations/{id}:cancel',
    summary: 'Have an operation cancelled and undone.',
    action: 'operation.cancel',
    params: byId,
    query: changeQuery,
    body: z.strictObject({}).optional(),
    responses: { 200: operationSchema, 202: operationSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: ['body_too_large', 'media_type_unsupported', 'not_found', 'operation_finished', 'cancel_not_possible'],
  },
  abandonOperation: {
    method: 'POST',
    path: '/v1/operations/{id}:abandon',
    summary:
      'Give up what an operation still has to do on a cell that does not come back. What may be left there is named.',
    action: 'operation.abandon',
    params: byId,
    query: changeQuery,
    body: z.strictObject({}).optional(),
    responses: { 200: operationSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: ['body_too_large', 'media_type_unsupported', 'not_found', 'operation_finished', 'abandon_not_possible'],
  },
  waitOperation: {
    method: 'GET',
    path: '/v1/operations/{id}:wait',
    summary: 'Read one operation when it is done, or after the time given.',
    action: 'operation.get',
    params: byId,
    query: z.strictObject({ timeoutSeconds: z.coerce.number<number>().min(0).max(60).default(30) }),
    responses: { 200: operationSchema },
    ...read,
    problems: ['not_found'],
  },
} as const satisfies Record<string, RouteContract>;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
export type RouteParams<Id extends RouteId> = z.infer<Routes[Id]['params']>;
export type RouteQuery<Id extends RouteId> = z.infer<Routes[Id]['query']>;
export type RouteBody<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType
  ? z.infer<Routes[Id]['body']>
  : undefined;
type Answer<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends z.ZodType ? z.infer<Responses[Status]> : never;
}[keyof Responses];
export type RouteAnswer<Id extends RouteId> = Answer<Routes[Id]['responses']>;
/** The answer where the parameter of `responsesWith` is sent. */
export type RouteAnswerWith<Id extends RouteId> = Routes[Id] extends { responsesWith: { responses: infer Responses } }
  ? Answer<Responses>
  : never;
/** What a caller may send: what has a default may be left out. */
export type RouteQueryInput<Id extends RouteId> = z.input<Routes[Id]['query']>;
export type RouteBodyInput<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType
  ? z.input<Routes[Id]['body']>
  : undefined;
