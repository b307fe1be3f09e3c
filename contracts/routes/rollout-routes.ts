import { z } from 'zod';
import { rolloutPreviewSchema, rolloutRequestSchema, rolloutSchema } from '../rollout.ts';
import type { RouteContract } from './route-contract.ts';
import { byId, byName, changeProblems, changeQuery, listOf, listQuery, noQuery, page, read } from './route-contract.ts';

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
    problems: ['body_too_large', 'media_type_unsupported', 'not_found', 'rollout_not_possible', 'ledger_behind'],
  } as const;
}

export const rolloutRoutes = {
  previewRollout: {
    method: 'GET',
    path: '/v1/templates/{name}:preview-roll-out',
    summary:
      'List the tenants that a version would change, with the changes. A page can hold fewer items than requested, or none, even if more pages follow.',
    action: 'template.roll_out',
    params: byName,
    query: z.strictObject({
      ...page,
      version: z.coerce
        .number<number>()
        .int()
        .positive()
        .optional()
        .meta({ description: 'Version of the template; the latest if omitted' }),
      labelSelector: z.string().max(1024).optional().meta({ description: 'Only tenants with matching labels' }),
    }),
    responses: { 200: listOf(rolloutPreviewSchema) },
    ...read,
    problems: ['page_token_invalid', 'not_found', 'template_not_available'],
  },
  startRollout: {
    method: 'POST',
    path: '/v1/templates/{name}:roll-out',
    summary: 'Roll out a version of a template to its tenants, wave by wave.',
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
    summary: 'Read a roll-out and its progress.',
    action: 'rollout.get',
    params: byId,
    query: noQuery,
    responses: { 200: rolloutSchema },
    ...read,
    problems: ['not_found'],
  },
  pauseRollout: rolloutVerb('pause', 'Pause a roll-out: it starts no more tenant changes.'),
  resumeRollout: {
    ...rolloutVerb('resume', 'Resume a paused roll-out. Failed tenants are retried first.'),
    // Without a key, a repeated request could arrive after the roll-out has paused again, and skip failed tenants that
    // nobody
    // has looked at.
    idempotencyKey: 'optional',
    problems: [...changeProblems, 'not_found', 'rollout_not_possible'],
    body: z
      .strictObject({ skipFailed: z.boolean().default(false).meta({ description: 'Skip the failed tenants.' }) })
      .optional(),
  },
  cancelRollout: rolloutVerb('cancel', 'Cancel a roll-out. Tenants that have already changed keep the change.'),
} as const satisfies Readonly<Record<string, RouteContract>>;
