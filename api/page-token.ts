import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { canonicalBytes } from '../contracts/canonical-json.ts';
import { TenureError } from '../domain/tenure-error.ts';

/**
 * Opaque tokens that say where a list goes on, good only for the list and filter they came from. A position may name what the caller may
 * not see, so nobody can read it.
 */
export interface PageTokens {
  make(list: string, filter: unknown, position: string): string;
  /** @throws TenureError page_token_invalid */
  read(list: string, filter: unknown, token: string): string;
}

const algorithm = 'aes-256-gcm';
const nameBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;

/** The keys that seal: `current` seals anew, and what any of the others has sealed is still read. */
export interface SealingKeys {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

interface Sealer {
  /** Says which key has sealed a token, and nothing of the key. */
  readonly name: Buffer;
  readonly encryption: Buffer;
  readonly nonces: Buffer;
}

function sealerOf(key: Buffer): Sealer {
  const root = createHmac('sha256', key).update('tenure/page-tokens').digest();
  const derived = (purpose: string, bytes: number): Buffer => Buffer.from(hkdfSync('sha256', root, '', purpose, bytes));
  return { name: derived('name', nameBytes), encryption: derived('encryption', 32), nonces: derived('nonces', 32) };
}

/** @throws TypeError where the current key is not among the keys */
export function createPageTokens({ current, keys }: SealingKeys): PageTokens {
  const currentKey = keys.get(current);
  if (currentKey === undefined) throw new TypeError(`the keyring has no key "${current}", which is its current one`);
  const sealing = sealerOf(currentKey);
  const sealers = [...keys.values()].map(sealerOf);
  const scopeOf = (list: string, filter: unknown): Uint8Array => canonicalBytes([list, filter]);
  return {
    make(list, filter, position) {
      const scope = scopeOf(list, filter);
      // The scope, a JSON array, says itself where it ends. Made of what is encrypted, a nonce is used twice only for the same token (as in SIV, RFC 5297).
      const nonce = createHmac('sha256', sealing.nonces)
        .update(scope)
        .update(position)
        .digest()
        .subarray(0, nonceBytes);
      const cipher = createCipheriv(algorithm, sealing.encryption, nonce).setAAD(scope);
      return Buffer.concat([
        sealing.name,
        nonce,
        cipher.update(position, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]).toString('base64url');
    },
    read(list, filter, token) {
      const bytes = Buffer.from(token, 'base64url');
      const sealer = sealers.find(({ name }) => name.equals(bytes.subarray(0, nameBytes)));
      const sealed = bytes.subarray(nameBytes);
      // base64url may be written in several ways; only the one that was made is taken.
      if (sealer !== undefined && sealed.length > nonceBytes + tagBytes && bytes.toString('base64url') === token) {
        const decipher = createDecipheriv(algorithm, sealer.encryption, sealed.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(scopeOf(list, filter))
          .setAuthTag(sealed.subarray(-tagBytes));
        try {
          return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
        } catch {
          // Not made here, or for something else: refused below.
        }
      }
      throw new TenureError('page_token_invalid', 'the page token is of another list or filter');
    },
  };
}
