import { z } from 'zod';
import { nameSchema, uidSchema } from '../identifiers.ts';
import { driftReportSchema } from '../drift-report.ts';
import { isolationVerificationSchema } from '../isolation-report.ts';
import { placementExplanationSchema } from '../placement-explanation.ts';
import { tombstoneSchema } from '../tombstone.ts';
import { tenantConfigReportSchema } from '../tenant-config-report.ts';
import type { RouteContract } from './route-contract.ts';
import { byName, changeProblems, changeQuery, listOf, noParams, noQuery, page, read } from './route-parts.ts';

export const tenantReportRoutes = {
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
} as const satisfies Readonly<Record<string, RouteContract>>;
