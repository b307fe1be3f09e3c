import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Digest } from './identifiers.ts';

/**
 * The canonical bytes of a JSON value: RFC 8785 (JCS), UTF-8. A member that is `undefined` is omitted.
 * @throws TypeError when the value is not JSON (`undefined`, a function, NaN, a lone surrogate, a cycle).
 */
export function canonicalBytes(value: unknown): Buffer {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw new TypeError('not a JSON value', { cause: error });
  }
  if (text === undefined) throw new TypeError('not a JSON value');
  return Buffer.from(text, 'utf8');
}

export function sha256(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** SHA-256 of {@link canonicalBytes}. */
export function canonicalDigest(value: unknown): Digest {
  return sha256(canonicalBytes(value));
}

/** Whether two JSON values have the same canonical form; `undefined` counts as null. */
export function canonicallyEqual(a: unknown, b: unknown): boolean {
  return canonicalBytes(a ?? null).equals(canonicalBytes(b ?? null));
}
