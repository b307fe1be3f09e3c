import { accessQuerySchema, accessVerdictSchema, callerSchema } from '../access.ts';
import type { RouteContract } from './route-contract.ts';
import { noParams, noQuery, read } from './route-contract.ts';

export const accessRoutes = {
  getCaller: {
    method: 'GET',
    path: '/v1/caller',
    summary: 'Read the identity of the token and when the token expires.',
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
      'Check whether policy allows the caller to do something. Nothing is executed or recorded, and the state of the resource is not checked.',
    action: 'access.check',
    params: noParams,
    query: accessQuerySchema,
    responses: { 200: accessVerdictSchema },
    ...read,
    problems: [],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
