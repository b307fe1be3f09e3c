import { accessQuerySchema, accessVerdictSchema, callerSchema } from '../access.ts';
import type { RouteContract } from './route-contract.ts';
import { noParams, noQuery, read } from './route-parts.ts';

export const accessRoutes = {
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
} as const satisfies Readonly<Record<string, RouteContract>>;
