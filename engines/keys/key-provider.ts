import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Binary } from 'mongodb';
import type { SealedSecret } from '../../store/documents.ts';
import { TenureError } from '../../domain/tenure-error.ts';

const algorithm = 'aes-256-gcm';
/** 96 bits, as NIST SP 800-38D recommends for random IVs. */
const ivBytes = 12;
/** Given when opening, because otherwise a truncated tag would be accepted. */
const authTagLength = 16;
export const keyBytes = 32;

/**
 * Seals `plaintext` under a 256-bit key; `context` must be the same to open it, so a sealed secret cannot be moved
 * elsewhere.
 */
export function seal(key: { id: string; bytes: Buffer }, plaintext: Buffer, context: string): SealedSecret {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key.bytes, iv, { authTagLength }).setAAD(Buffer.from(context, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { key: key.id, iv: new Binary(iv), ciphertext: new Binary(ciphertext), tag: new Binary(cipher.getAuthTag()) };
}

/** @throws Error if key, context or content is not what was sealed */
export function open(keyMaterial: Buffer, sealed: SealedSecret, context: string): Buffer {
  const decipher = createDecipheriv(algorithm, keyMaterial, sealed.iv.value(), { authTagLength })
    .setAAD(Buffer.from(context, 'utf8'))
    .setAuthTag(sealed.tag.value());
  return Buffer.concat([decipher.update(sealed.ciphertext.value()), decipher.final()]);
}

/** Wraps data keys under keys that never leave the provider. */
export interface KeyProvider {
  /** Names of the keys that it can wrap under. */
  readonly keys: readonly string[];
  /**
   * Wraps under one of the allowed keys, preferably the current one. Without `allowed`, under the current one.
   * @throws TenureError keys_unavailable, also if it has none of the allowed keys
   */
  wrap(plaintext: Buffer, context: string, allowed?: readonly string[]): Promise<SealedSecret>;
  /** @throws TenureError keys_unavailable, also if the wrapping key is gone or `context` differs */
  unwrap(sealed: SealedSecret, context: string): Promise<Buffer>;
}

/** Keys by id, and the id of the one that wraps new data keys. */
export interface Keyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** Wraps with keys in the memory of the process. */
export function createLocalKeyProvider(keyring: Keyring): KeyProvider {
  function keyNamed(id: string): Buffer {
    const key = keyring.keys.get(id);
    if (key === undefined)
      throw new TenureError('keys_unavailable', `the keyring has no key "${id}"; add it again to open what it wrapped`);
    return key;
  }
  return {
    keys: [...keyring.keys.keys()],
    async wrap(plaintext, context, allowed = [keyring.current]) {
      const id = allowed.includes(keyring.current) ? keyring.current : allowed.find((name) => keyring.keys.has(name));
      if (id === undefined)
        throw new TenureError(
          'keys_unavailable',
          `the keyring has none of the keys that the plan allows (${allowed.map((name) => `"${name}"`).join(', ')}); add one of them`,
        );
      return seal({ id, bytes: keyNamed(id) }, plaintext, context);
    },
    async unwrap(sealed, context) {
      const key = keyNamed(sealed.key);
      try {
        return open(key, sealed, context);
      } catch (error) {
        throw new TenureError('keys_unavailable', `cannot open what key "${sealed.key}" wrapped for "${context}"`, {
          cause: error,
        });
      }
    },
  };
}
