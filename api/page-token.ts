import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { canonicalBytes } from '../contracts/canonical-json.ts';
import { TenureError } from '../domain/tenure-error.ts';

/**
 * Opaque tokens that hold the position at which a list continues. A token is valid only for its own list and filter. It
 * is encrypted, because a position can name resources that the caller may not see.
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

/** Keys for page tokens: `current` seals new tokens; tokens sealed with any of the keys can be read. */
export interface SealingKeys {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

interface Sealer {
  /** Identifies the key that sealed a token without revealing it. */
  readonly name: Buffer;
  readonly encryption: Buffer;
  readonly nonces: Buffer;
}

function sealerOf(key: Buffer): Sealer {
  const root = createHmac('sha256', key).update('tenure/page-tokens').digest();
  const derived = (purpose: string, bytes: number): Buffer => Buffer.from(hkdfSync('sha256', root, '', purpose, bytes));
  return { name: derived('name', nameBytes), encryption: derived('encryption', 32), nonces: derived('nonces', 32) };
}

/** @throws TypeError if the current key is not among the keys */
export function createPageTokens({ current, keys }: SealingKeys): PageTokens {
  const currentKey = keys.get(current);
  if (currentKey === undefined) throw new TypeError(`the keyring does not contain its current key "${current}"`);
  const sealing = sealerOf(currentKey);
  const sealers = [...keys.values()].map(sealerOf);
  const scopeOf = (list: string, filter: unknown): Uint8Array => canonicalBytes([list, filter]);
  return {
    make(list, filter, position) {
      const scope = scopeOf(list, filter);
      // The scope is a JSON array, so it delimits itself. The nonce is derived from the plaintext, so it repeats only
      // for the
      // same token (as in SIV, RFC 5297).
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
      // base64url has several spellings of the same bytes; accept only the one that was issued.
      if (sealer !== undefined && sealed.length > nonceBytes + tagBytes && bytes.toString('base64url') === token) {
        const decipher = createDecipheriv(algorithm, sealer.encryption, sealed.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(scopeOf(list, filter))
          .setAuthTag(sealed.subarray(-tagBytes));
        try {
          return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
        } catch {
          // Forged, or for another list or filter: refused below.
        }
      }
      throw new TenureError('page_token_invalid', 'the page token belongs to another list or filter');
    },
  };
}
