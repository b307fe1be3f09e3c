import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Digest } from './identifiers.ts';

/**
 * The one byte form of a JSON value: RFC 8785 (JCS), UTF-8.
 * @throws TypeError when the value is not JSON (`undefined`, a function, NaN, a lone surrogate).
 */
export function canonicalBytes(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  const bytes = Buffer.from(text, 'utf8');
  if (!text.isWellFormed()) throw new TypeError('a string holds a lone surrogate');
  return bytes;
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** SHA-256 over {@link canonicalBytes}. */
export function canonicalDigest(value: unknown): Digest {
  return sha256(canonicalBytes(value));
}
