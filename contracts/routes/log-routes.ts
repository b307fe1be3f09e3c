import { z } from 'zod';
import { nameSchema, uidSchema } from '../identifiers.ts';
import { loggedEntrySchema, logHeadSchema, signedHeadSchema } from '../log-export.ts';
import type { RouteContract } from './route-contract.ts';
import { listOf, listQuery, noParams, noQuery, page, read } from './route-contract.ts';

export const logRoutes = {
  getLogHead: {
    method: 'GET',
    path: '/v1/log/head',
    summary: 'Read the latest signed head of the log of all entries, and the keys that sign it.',
    action: 'audit.verify',
    params: noParams,
    query: noQuery,
    responses: { 200: logHeadSchema },
    ...read,
    problems: [],
  },
  listLogHeads: {
    method: 'GET',
    path: '/v1/log/heads',
    summary: 'List the signed heads that are kept, one for each hour, smallest first.',
    action: 'audit.verify',
    params: noParams,
    query: listQuery,
    responses: { 200: listOf(signedHeadSchema) },
    ...read,
    problems: ['page_token_invalid'],
  },
  listLogEntries: {
    method: 'GET',
    path: '/v1/log/entries',
    summary:
      'Read entries in the order of the log, with what proves them. Without `tenant`, all entries, from which the tree can be built; with it, only those of the tenant, each with its inclusion proof.',
    action: 'audit.list',
    params: noParams,
    query: z.strictObject({
      ...page,
      size: z.coerce.number<number>().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().meta({
        description:
          'The size of a signed head: only entries before it are read, and proofs are for its tree. Default: that of the latest one',
      }),
      tenant: z.union([nameSchema, uidSchema]).optional().meta({
        description: 'Only entries of this tenant: its name, or its uid, which also finds it after its purge',
      }),
    }),
    responses: { 200: listOf(loggedEntrySchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found'],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
