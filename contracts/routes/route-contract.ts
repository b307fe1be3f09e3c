import { z } from 'zod';
import type { PolicyAction } from '../policy.ts';
import type { ProblemCode } from '../problems.ts';
import { nameSchema, uidSchema } from '../identifiers.ts';

/**
 * Announces the end of a route: in the headers Deprecation (RFC 9745) and Sunset (RFC 8594), in OpenAPI and in the
 * reference.
 */
export interface RouteDeprecation {
  /** Since when clients should no longer use it. RFC 3339. */
  readonly since: string;
  /** When it can stop working. RFC 3339; absent: not decided. */
  readonly sunset?: string;
  /** What to do instead, for people. */
  readonly fix: string;
}

/** The contract of one route. Parsing, authorization, the client and the reference are derived from it. */
export interface RouteContract {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{name}` stands for one path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly action: PolicyAction;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType | undefined;
  /** Responses by status; every other status is a problem. */
  readonly responses: Readonly<Record<number, z.ZodType>>;
  /** Responses that replace `responses` when this query parameter is sent. */
  readonly responsesWith?: { readonly parameter: string; readonly responses: Readonly<Record<number, z.ZodType>> };
  readonly deprecation?: RouteDeprecation;
  /**
   * `required`: the request is refused without it. `optional`: honoured when sent. `none`: the route changes nothing.
   */
  readonly idempotencyKey: 'required' | 'optional' | 'none';
  /** `required`: If-Match or If-None-Match must be sent. */
  readonly precondition: 'required' | 'none';
  /** Problems in addition to those that every route can return. */
  readonly problems: readonly ProblemCode[];
}

/** Problems that every route can return. */
export const commonProblems = [
  'request_invalid',
  'headers_too_large',
  'unauthenticated',
  'forbidden',
  'method_not_allowed',
  'route_not_found',
  'too_many_requests',
  'internal',
  'control_unavailable',
  'policy_unavailable',
] as const satisfies readonly ProblemCode[];

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
  'ledger_behind',
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
