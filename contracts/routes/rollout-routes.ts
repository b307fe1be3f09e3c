import { z } from 'zod';
import { rolloutPreviewSchema, rolloutRequestSchema, rolloutSchema } from '../rollout.ts';
import type { RouteContract } from './route-contract.ts';
import { byId, byName, changeProblems, changeQuery, listOf, listQuery, noQuery, page, read } from './route-parts.ts';

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

export const rolloutRoutes = {
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
} as const satisfies Readonly<Record<string, RouteContract>>;
