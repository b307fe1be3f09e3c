import type { SealedSecret } from '../../store/documents.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { open, seal } from './sealed-box.ts';

/** Wraps data keys under a key that never leaves the provider. */
export interface KeyProvider {
  /** Names of the keys that it can wrap under. */
  readonly keys: readonly string[];
  /**
   * Under one of the keys that are allowed, the present one if it is among them; absent: the present one.
   * @throws TenureError keys_unavailable, also when it holds none that is allowed
   */
  wrap(plaintext: Buffer, context: string, allowed?: readonly string[]): Promise<SealedSecret>;
  /** @throws TenureError keys_unavailable, also when the wrapping key is gone or `context` is another */
  unwrap(sealed: SealedSecret, context: string): Promise<Buffer>;
}

/** Keys by id, and which of them wraps from now on. */
export interface Keyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** Wraps with keys that the process holds in memory. */
export function createLocalKeyProvider(keyring: Keyring): KeyProvider {
  function keyNamed(id: string): Buffer {
    const key = keyring.keys.get(id);
    if (key === undefined)
      throw new TenureError(
        'keys_unavailable',
        `the keyring holds no key "${id}"; put it back to open what it wrapped`,
      );
    return key;
  }
  return {
    keys: [...keyring.keys.keys()],
    async wrap(plaintext, context, allowed = [keyring.current]) {
      const id = allowed.includes(keyring.current) ? keyring.current : allowed.find((name) => keyring.keys.has(name));
      if (id === undefined)
        throw new TenureError(
          'keys_unavailable',
          `the keyring holds none of the keys ${allowed.map((name) => `"${name}"`).join(', ')} that the plan allows; put one of them into it`,
        );
      return seal({ id, bytes: keyNamed(id) }, plaintext, context);
    },
    async unwrap(sealed, context) {
      const key = keyNamed(sealed.key);
      try {
        return open(key, sealed, context);
      } catch (error) {
        throw new TenureError('keys_unavailable', `what key "${sealed.key}" wrapped for "${context}" does not open`, {
          cause: error,
        });
      }
    },
  };
}
