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
const nonceBytes = 12;
const tagBytes = 16;

export function createPageTokens(key: Buffer): PageTokens {
  const derived = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', purpose, 32));
  const [encryption, nonces] = [derived('encryption'), derived('nonces')];
  const scopeOf = (list: string, filter: unknown): Uint8Array => canonicalBytes([list, filter]);
  return {
    make(list, filter, position) {
      const scope = scopeOf(list, filter);
      // The scope, a JSON array, says itself where it ends. Made of what is encrypted, a nonce is used twice only for the same token (as in SIV, RFC 5297).
      const nonce = createHmac('sha256', nonces).update(scope).update(position).digest().subarray(0, nonceBytes);
      const cipher = createCipheriv(algorithm, encryption, nonce).setAAD(scope);
      return Buffer.concat([nonce, cipher.update(position, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },
    read(list, filter, token) {
      const bytes = Buffer.from(token, 'base64url');
      // base64url may be written in several ways; only the one that was made is taken.
      if (bytes.length > nonceBytes + tagBytes && bytes.toString('base64url') === token) {
        const decipher = createDecipheriv(algorithm, encryption, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(scopeOf(list, filter)).setAuthTag(bytes.subarray(-tagBytes));
        try {
          return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
        } catch {
          // Not made here, or for something else: refused below.
        }
      }
      throw new TenureError('page_token_invalid', 'the page token is of another list or filter');
    },
  };
}
