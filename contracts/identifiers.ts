import { z } from 'zod';

/**
 * Identity of a resource: a 26-character lower-case ULID. It is part of database, user, collection and
 * workflow names, never changes and is never reused.
 */
export const uidSchema = z.string().regex(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/, 'must be a 26-character lower-case ULID');

/** Name of a resource: a DNS label (RFC 1123) that begins with a letter. It can be reused after a purge. */
export const nameSchema = z
  .string()
  .min(1)
  .max(63)
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    'must be a DNS label: lower-case letters, digits and "-", starting with a letter',
  );

/** Name of a MongoDB collection that a tenant declares. */
export const collectionNameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^(?!system)[a-z][a-zA-Z0-9_]*$/,
    'must start with a lower-case letter, contain only letters, digits and "_", and not start with "system", which MongoDB reserves',
  );

/** RFC 3339 time in UTC with milliseconds. */
export const timeSchema = z.iso.datetime({ precision: 3 });

/** `sha256:` followed by 64 hexadecimal digits. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export type Digest = `sha256:${string}`;
