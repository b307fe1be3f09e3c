import { z } from 'zod';
import { nameSchema, uidSchema } from './identifiers.ts';
import { planManifestSchema, planSchema } from './manifests/plan.ts';
import { regionManifestSchema, regionSchema } from './manifests/region.ts';
import { tenantManifestSchema, tenantSchema } from './manifests/tenant.ts';
import { operationSchema } from './operation.ts';
import { operationStates } from './operation-states.ts';
import type { PolicyAction } from './policy.ts';
import type { ProblemCode } from './problems.ts';
import { openTenantBodySchema, tenantAccessSchema } from './tenant-access.ts';
import { pointInTimeSchema, revisionSummarySchema, tenantDifferenceSchema, tenantRevisionSchema } from './tenant-revision.ts';

/** What one route promises. Parsing, authorization, the client and the reference are read from it. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT';
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
  /** `required`: the request is refused without it. `optional`: honoured when sent. `none`: the route changes nothing. */
  readonly idempotencyKey: 'required' | 'optional' | 'none';
  /** `required`: If-Match or If-None-Match must be sent. */
  readonly precondition: 'required' | 'none';
  /** Problems beyond those that every route can answer with. */
  readonly problems: readonly ProblemCode[];
}

/** Problems that any route can answer with. */
export const commonProblems = ['request_invalid', 'unauthenticated', 'forbidden', 'method_not_allowed', 'route_not_found', 'internal', 'control_unavailable', 'policy_unavailable'] as const satisfies readonly ProblemCode[];

const noParams = z.strictObject({});
const noQuery = z.strictObject({});
const byName = z.strictObject({ name: nameSchema });
const byId = z.strictObject({ id: uidSchema });
const page = { pageSize: z.coerce.number<number>().int().min(1).max(500).default(100), pageToken: z.string().max(512).optional() };
const listQuery = z.strictObject(page);
const tenantQuery = z.strictObject({
  ...page,
  labelSelector: z.string().max(2048).optional().meta({ description: 'As in Kubernetes: `env=prod,tier in (a,b),!canary`. A value of other characters stands in double quotes' }),
  lifecycle: z.string().max(128).optional().meta({ description: 'States, with commas between them' }),
  plan: nameSchema.optional().meta({ description: 'Name of the plan' }),
  region: nameSchema.optional().meta({ description: 'Where it is placed' }),
  namePrefix: z.string().max(63).regex(/^([a-z][a-z0-9-]*)?$/, 'must be the beginning of a name').optional().meta({ description: 'Beginning of the name' }),
  condition: z.string().max(512).optional().meta({ description: '`TYPE=STATUS` or `TYPE!=STATUS`, with commas between several. One that is not there is Unknown' }),
  showDeleted: z.enum(['true', 'false']).optional().meta({ description: '`true` or `false`: whether deleted ones are listed. They are too where `lifecycle` names Deleted' }),
});

function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextPageToken: z.string().optional() });
}

const changeProblems = ['body_too_large', 'media_type_unsupported', 'idempotency_in_progress', 'idempotency_key_reused'] as const satisfies readonly ProblemCode[];
const tenantChangeProblems = [
  ...changeProblems,
  'operation_in_progress',
  'policy_refused',
  'placement_impossible',
  'isolation_not_available',
  'transition_not_allowed',
  'temporal_unavailable',
  'cell_unavailable',
] as const satisfies readonly ProblemCode[];

/** A tenant change answers 200 or 201 when it is done, 202 with the operation when it runs on. */
const tenantChangeSchema = z.strictObject({ tenant: tenantSchema, operation: operationSchema.optional() }).meta({ title: 'TenantChange' });

const apply = { idempotencyKey: 'optional', precondition: 'required' } as const;
const read = { body: undefined, idempotencyKey: 'none', precondition: 'none' } as const;

export const routes = {
  createTenant: {
    method: 'POST', path: '/v1/tenants', summary: 'Declare a new tenant.', action: 'tenant.create',
    params: noParams, query: noQuery, body: tenantManifestSchema, responses: { 201: tenantChangeSchema, 202: tenantChangeSchema },
    idempotencyKey: 'required', precondition: 'none', problems: [...tenantChangeProblems, 'idempotency_key_missing', 'already_exists'],
  },
  listTenants: {
    method: 'GET', path: '/v1/tenants', summary: 'List the tenants the caller may see, by name. All of the filter must be so. Of many tenants a page can hold fewer than asked for, or none, while there are more: go on as long as there is a nextPageToken.', action: 'tenant.list',
    params: noParams, query: tenantQuery, responses: { 200: listOf(tenantSchema) }, ...read, problems: ['page_token_invalid'],
  },
  getTenant: {
    method: 'GET', path: '/v1/tenants/{name}', summary: 'Read one tenant; with `at`, what an earlier generation declared.', action: 'tenant.get',
    params: byName, query: z.strictObject({ at: pointInTimeSchema.optional().meta({ description: 'Number of a generation, or RFC 3339 time' }) }),
    responses: { 200: tenantSchema }, responsesWith: { parameter: 'at', responses: { 200: tenantRevisionSchema } }, ...read, problems: ['not_found'],
  },
  listTenantRevisions: {
    method: 'GET', path: '/v1/tenants/{name}/revisions', summary: 'List what was declared of a tenant, newest first.', action: 'tenant.get',
    params: byName, query: listQuery, responses: { 200: listOf(revisionSummarySchema) }, ...read, problems: ['page_token_invalid', 'not_found'],
  },
  diffTenant: {
    method: 'GET', path: '/v1/tenants/{name}:diff', summary: 'Say what differs between two generations of a tenant, in labels, annotations and spec.', action: 'tenant.get',
    params: byName,
    query: z.strictObject({
      from: pointInTimeSchema.optional().meta({ description: 'Number of a generation, or RFC 3339 time; the one before `to` when absent' }),
      to: pointInTimeSchema.optional().meta({ description: 'The same; the current one when absent' }),
    }),
    responses: { 200: tenantDifferenceSchema }, ...read, problems: ['not_found'],
  },
  putTenant: {
    method: 'PUT', path: '/v1/tenants/{name}', summary: 'Declare what a tenant should be: create or replace.', action: 'tenant.update',
    params: byName, query: noQuery, body: tenantManifestSchema, responses: { 200: tenantChangeSchema, 201: tenantChangeSchema, 202: tenantChangeSchema }, ...apply,
    problems: [...tenantChangeProblems, 'not_found', 'already_exists', 'revision_stale', 'precondition_required', 'placement_immutable', 'change_not_available'],
  },
  activateTenant: {
    method: 'POST', path: '/v1/tenants/{name}:activate', summary: 'Bring a Draft tenant to Active.', action: 'tenant.activate',
    params: byName, query: noQuery, body: z.strictObject({}).optional(), responses: { 200: tenantChangeSchema, 202: tenantChangeSchema },
    idempotencyKey: 'required', precondition: 'required', problems: [...tenantChangeProblems, 'idempotency_key_missing', 'not_found', 'already_exists', 'revision_stale', 'precondition_required'],
  },
  rollbackTenant: {
    method: 'POST', path: '/v1/tenants/{name}:rollback', summary: 'Declare again what an earlier generation declared, as a new one. Lifecycle and placement stay as they are.', action: 'tenant.update',
    params: byName, query: noQuery, body: z.strictObject({ generation: z.int().positive() }), responses: { 200: tenantChangeSchema, 202: tenantChangeSchema },
    idempotencyKey: 'required', precondition: 'required',
    problems: [...tenantChangeProblems, 'idempotency_key_missing', 'not_found', 'already_exists', 'revision_stale', 'precondition_required', 'placement_immutable', 'change_not_available'],
  },
  openTenant: {
    method: 'POST', path: '/v1/tenants/{name}:open', summary: 'Lease access to a tenant’s database, or renew the lease.', action: 'tenant.open',
    params: byName, query: noQuery, body: openTenantBodySchema, responses: { 200: tenantAccessSchema },
    idempotencyKey: 'none', precondition: 'none', problems: ['body_too_large', 'media_type_unsupported', 'not_found', 'policy_refused', 'keys_unavailable'],
  },
  listPlans: {
    method: 'GET', path: '/v1/plans', summary: 'List the plans.', action: 'plan.list',
    params: noParams, query: listQuery, responses: { 200: listOf(planSchema) }, ...read, problems: ['page_token_invalid'],
  },
  getPlan: {
    method: 'GET', path: '/v1/plans/{name}', summary: 'Read one plan.', action: 'plan.get',
    params: byName, query: noQuery, responses: { 200: planSchema }, ...read, problems: ['not_found'],
  },
  putPlan: {
    method: 'PUT', path: '/v1/plans/{name}', summary: 'Declare a plan: create or replace.', action: 'plan.apply',
    params: byName, query: noQuery, body: planManifestSchema, responses: { 200: planSchema, 201: planSchema }, ...apply,
    problems: [...changeProblems, 'not_found', 'already_exists', 'revision_stale', 'precondition_required'],
  },
  listRegions: {
    method: 'GET', path: '/v1/regions', summary: 'List the regions.', action: 'region.list',
    params: noParams, query: listQuery, responses: { 200: listOf(regionSchema) }, ...read, problems: ['page_token_invalid'],
  },
  getRegion: {
    method: 'GET', path: '/v1/regions/{name}', summary: 'Read one region.', action: 'region.get',
    params: byName, query: noQuery, responses: { 200: regionSchema }, ...read, problems: ['not_found'],
  },
  putRegion: {
    method: 'PUT', path: '/v1/regions/{name}', summary: 'Declare a region: create or replace.', action: 'region.apply',
    params: byName, query: noQuery, body: regionManifestSchema, responses: { 200: regionSchema, 201: regionSchema }, ...apply,
    problems: [...changeProblems, 'not_found', 'already_exists', 'revision_stale', 'precondition_required', 'change_not_available'],
  },
  listOperations: {
    method: 'GET', path: '/v1/operations', summary: 'List operations, newest first.', action: 'operation.list',
    params: noParams,
    query: z.strictObject({ ...page, tenant: nameSchema.optional(), state: z.enum(operationStates).optional() }),
    responses: { 200: listOf(operationSchema) }, ...read, problems: ['page_token_invalid', 'not_found'],
  },
  getOperation: {
    method: 'GET', path: '/v1/operations/{id}', summary: 'Read one operation.', action: 'operation.get',
    params: byId, query: noQuery, responses: { 200: operationSchema }, ...read, problems: ['not_found'],
  },
  waitOperation: {
    method: 'GET', path: '/v1/operations/{id}:wait', summary: 'Read one operation when it is done, or after the time given.', action: 'operation.get',
    params: byId, query: z.strictObject({ timeoutSeconds: z.coerce.number<number>().min(0).max(60).default(30) }), responses: { 200: operationSchema }, ...read, problems: ['not_found'],
  },
} as const satisfies Record<string, RouteContract>;

export type Routes = typeof routes;
export type RouteId = keyof Routes;
export type RouteParams<Id extends RouteId> = z.infer<Routes[Id]['params']>;
export type RouteQuery<Id extends RouteId> = z.infer<Routes[Id]['query']>;
export type RouteBody<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType ? z.infer<Routes[Id]['body']> : undefined;
type Answer<Responses> = { [Status in keyof Responses]: Responses[Status] extends z.ZodType ? z.infer<Responses[Status]> : never }[keyof Responses];
export type RouteAnswer<Id extends RouteId> = Answer<Routes[Id]['responses']>;
/** The answer where the parameter of `responsesWith` is sent. */
export type RouteAnswerWith<Id extends RouteId> = Routes[Id] extends { responsesWith: { responses: infer Responses } } ? Answer<Responses> : never;
/** What a caller may send: what has a default may be left out. */
export type RouteQueryInput<Id extends RouteId> = z.input<Routes[Id]['query']>;
export type RouteBodyInput<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType ? z.input<Routes[Id]['body']> : undefined;
