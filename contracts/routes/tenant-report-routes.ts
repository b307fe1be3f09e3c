import { z } from 'zod';
import { nameSchema, uidSchema } from '../identifiers.ts';
import { driftReportSchema, placementExplanationSchema, tenantConfigReportSchema } from '../tenant-reports.ts';
import { isolationVerificationSchema } from '../isolation-report.ts';
import { tombstoneSchema } from '../tombstone.ts';
import type { RouteContract } from './route-contract.ts';
import { byName, changeProblems, changeQuery, listOf, noParams, noQuery, page, read } from './route-contract.ts';

export const tenantReportRoutes = {
  explainPlacementOfTenant: {
    method: 'GET',
    path: '/v1/tenants/{name}:explain-placement',
    summary:
      'List the regions and cells that could host the tenant now, and the rule that excludes each of the others.',
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
    summary:
      'Read the drift report of a tenant: the differences between its declared and actual home at the last scan.',
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
    summary: 'Read the effective configuration of a tenant and the origin of each value.',
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
      'Verify that two Active tenants cannot reach each other’s data, in both directions, with their real credentials. If a verification of the two is already running, the request joins it.',
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
    summary: 'Read the state and the result of the last isolation verification of a tenant. It names both tenants.',
    action: 'tenant.verify_isolation',
    params: byName,
    query: z.strictObject({
      against: nameSchema
        .optional()
        .meta({ description: 'The other tenant; if omitted, the last verification of any pair' }),
    }),
    responses: { 200: isolationVerificationSchema },
    ...read,
    problems: ['not_found'],
  },
  listTombstones: {
    method: 'GET',
    path: '/v1/tombstones',
    summary: 'List the tombstones of purged tenants, newest tenant first.',
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
    summary: 'Read the tombstone of one purged tenant.',
    action: 'tenant.get',
    params: z.strictObject({ uid: uidSchema }),
    query: noQuery,
    responses: { 200: tombstoneSchema },
    ...read,
    problems: ['not_found'],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
