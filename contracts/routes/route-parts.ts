import { z } from 'zod';
import { nameSchema, uidSchema } from '../identifiers.ts';
import type { ProblemCode } from '../problems.ts';

export const noParams = z.strictObject({});
export const noQuery = z.strictObject({});
export const byName = z.strictObject({ name: nameSchema });
export const byId = z.strictObject({ id: uidSchema });
export const page = {
  pageSize: z.coerce.number<number>().int().min(1).max(500).default(100),
  pageToken: z.string().max(512).optional(),
};
export const listQuery = z.strictObject(page);
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), nextPageToken: z.string().optional() });
}

export const changeProblems = [
  'body_too_large',
  'media_type_unsupported',
  'idempotency_in_progress',
  'idempotency_key_reused',
] as const satisfies readonly ProblemCode[];

export const yesOrNo = z.enum(['true', 'false']).optional();
/** Query parameters of every route that changes control data. */
export const rehearsable = {
  dryRun: yesOrNo.meta({
    description:
      '`true` or `false`: a dry run, which checks everything and changes nothing. The response, 200, shows the result of the change. New ids in it are placeholders that are never assigned.',
  }),
};
export const changeQuery = z.strictObject(rehearsable);

export const putProblems = [
  ...changeProblems,
  'not_found',
  'already_exists',
  'precondition_failed',
  'revision_stale',
  'precondition_required',
] as const satisfies readonly ProblemCode[];
export const apply = { idempotencyKey: 'optional', precondition: 'required' } as const;
export const read = { body: undefined, idempotencyKey: 'none', precondition: 'none' } as const;
