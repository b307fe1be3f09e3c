import { z } from 'zod';

const entityTag = String.raw`"\d{1,15}"`;

/** An ETag: the revision of a resource, in quotes. */
export const entityTagSchema = z.string().regex(new RegExp(`^${entityTag}$`));

/** What If-Match takes: ETags as they were read, or `*` for whatever stands. */
export const ifMatchSchema = z
  .string()
  .regex(
    new RegExp(String.raw`^(\*|${entityTag}([ \t]*,[ \t]*${entityTag})*)$`),
    'If-Match takes ETags as they were read, such as "3", or *',
  );

/** What If-None-Match takes of a request that changes something: only if there is nothing yet. */
export const ifNoneMatchSchema = z.literal('*', 'If-None-Match takes only *');

/** What repeats a request instead of making it twice. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key takes 1 to 255 visible ASCII characters');

/** What the API takes of address and headers together: a token may name as many tenants as an actor may be confined to. */
export const maxRequestHeadBytes = 65_536;
