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
    method: 'GET', path: '/v1/tenants', summary: 'List the tenants the caller may see, by name.', action: 'tenant.list',
    params: noParams, query: listQuery, responses: { 200: listOf(tenantSchema) }, ...read, problems: ['page_token_invalid'],
  },
  getTenant: {
    method: 'GET', path: '/v1/tenants/{name}', summary: 'Read one tenant.', action: 'tenant.get',
    params: byName, query: noQuery, responses: { 200: tenantSchema }, ...read, problems: ['not_found'],
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
export type RouteAnswer<Id extends RouteId> = { [Status in keyof Routes[Id]['responses']]: Routes[Id]['responses'][Status] extends z.ZodType ? z.infer<Routes[Id]['responses'][Status]> : never }[keyof Routes[Id]['responses']];
/** What a caller may send: what has a default may be left out. */
export type RouteQueryInput<Id extends RouteId> = z.input<Routes[Id]['query']>;
export type RouteBodyInput<Id extends RouteId> = Routes[Id]['body'] extends z.ZodType ? z.input<Routes[Id]['body']> : undefined;
