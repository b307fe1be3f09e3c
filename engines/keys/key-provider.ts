import type { SealedSecret } from '../../store/documents.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { open, seal } from './sealed-box.ts';

/** Wraps data keys under a key that never leaves the provider. */
export interface KeyProvider {
  /** @throws TenureError keys_unavailable */
  wrap(plaintext: Buffer, context: string): Promise<SealedSecret>;
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
    if (key === undefined) throw new TenureError('keys_unavailable', `the keyring holds no key "${id}"; put it back to open what it wrapped`);
    return key;
  }
  return {
    async wrap(plaintext, context) {
      return seal({ id: keyring.current, bytes: keyNamed(keyring.current) }, plaintext, context);
    },
    async unwrap(sealed, context) {
      const key = keyNamed(sealed.key);
      try {
        return open(key, sealed, context);
      } catch (error) {
        throw new TenureError('keys_unavailable', `what key "${sealed.key}" wrapped for "${context}" does not open`, { cause: error });
      }
    },
  };
}
