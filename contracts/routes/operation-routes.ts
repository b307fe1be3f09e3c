import { z } from 'zod';
import { nameSchema } from '../identifiers.ts';
import { operationSchema } from '../operation.ts';
import { operationStates } from '../operation-states.ts';
import type { RouteContract } from './route-contract.ts';
import { byId, changeQuery, listOf, noParams, noQuery, page, read } from './route-contract.ts';

export const operationRoutes = {
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
    summary: 'Cancel an operation and undo its steps.',
    action: 'operation.cancel',
    params: byId,
    query: changeQuery,
    body: z.strictObject({}).optional(),
    responses: { 200: operationSchema, 202: operationSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: [
      'body_too_large',
      'media_type_unsupported',
      'not_found',
      'operation_finished',
      'cancel_not_possible',
      'ledger_behind',
    ],
  },
  abandonOperation: {
    method: 'POST',
    path: '/v1/operations/{id}:abandon',
    summary:
      'Abandon the remaining work of an operation on a cell that is lost for good. The response lists what may be left on the cell.',
    action: 'operation.abandon',
    params: byId,
    query: changeQuery,
    body: z.strictObject({}).optional(),
    responses: { 200: operationSchema },
    idempotencyKey: 'none',
    precondition: 'none',
    problems: [
      'body_too_large',
      'media_type_unsupported',
      'not_found',
      'operation_finished',
      'abandon_not_possible',
      'ledger_behind',
    ],
  },
  waitOperation: {
    method: 'GET',
    path: '/v1/operations/{id}:wait',
    summary: 'Wait until an operation is done, or until the timeout, and read it.',
    action: 'operation.get',
    params: byId,
    query: z.strictObject({ timeoutSeconds: z.coerce.number<number>().min(0).max(60).default(30) }),
    responses: { 200: operationSchema },
    ...read,
    problems: ['not_found'],
  },
} as const satisfies Readonly<Record<string, RouteContract>>;
