import { z } from 'zod';

const entityTag = String.raw`"\d{1,15}"`;

/** An ETag: the revision of a resource, in quotes. */
export const entityTagSchema = z.string().regex(new RegExp(`^${entityTag}$`));

/** If-Match: ETags as they were read, or `*` for any existing version. */
export const ifMatchSchema = z
  .string()
  .regex(
    new RegExp(String.raw`^(\*|${entityTag}([ \t]*,[ \t]*${entityTag})*)$`),
    'If-Match must contain ETags as they were read, such as "3", or *',
  );

/** If-None-Match of a request that changes something: only if the resource does not exist yet. */
export const ifNoneMatchSchema = z.literal('*', 'If-None-Match must be *');

/** Lets a client repeat a request without executing it twice. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Idempotency-Key must have 1 to 255 visible ASCII characters');

/** Limit for URL and headers together. A token with the maximum number of tenants of an actor fits. */
export const maxRequestHeadBytes = 65_536;
