import type { SealedSecret } from '../../store/documents.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { open, seal } from './sealed-box.ts';

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
