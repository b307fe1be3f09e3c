import { z } from 'zod';
import { auditEntrySchema, auditFilter } from '../audit.ts';
import type { RouteContract } from './route-contract.ts';
import { byId, listOf, noParams, noQuery, page, read } from './route-contract.ts';

export const auditRoutes = {
  listAuditEntries: {
    method: 'GET',
    path: '/v1/audit/entries',
    summary:
      'Search the ledger, newest first: every change, every accepted operation and its end, every use of a credential, and every refusal.',
    action: 'audit.list',
    params: noParams,
    query: z.strictObject({ ...page, ...auditFilter }),
    responses: { 200: listOf(auditEntrySchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
  getAuditEntry: {
    method: 'GET',
    path: '/v1/audit/entries/{id}',
    summary: 'Read one entry of the ledger.',
    action: 'audit.get',
    params: byId,
    query: noQuery,
    responses: { 200: auditEntrySchema },
    ...read,
    problems: ['not_found'],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
