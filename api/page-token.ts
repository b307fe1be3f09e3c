import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalBytes } from '../contracts/canonical-json.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** Opaque tokens that say where a list goes on, good only for the list and filter they came from. */
export interface PageTokens {
  make(list: string, filter: unknown, position: string): string;
  /** @throws TenureError page_token_invalid */
  read(list: string, filter: unknown, token: string): string;
}

const macBytes = 16;

export function createPageTokens(key: Buffer): PageTokens {
  const mac = (list: string, filter: unknown, position: string): Buffer =>
    createHmac('sha256', key).update(canonicalBytes([list, filter, position])).digest().subarray(0, macBytes);
  return {
    make: (list, filter, position) => Buffer.concat([mac(list, filter, position), Buffer.from(position, 'utf8')]).toString('base64url'),
    read(list, filter, token) {
      const bytes = Buffer.from(token, 'base64url');
      const position = bytes.subarray(macBytes).toString('utf8');
      // base64url may be written in several ways; only the one that was made is taken.
      const asMade = bytes.length > macBytes && bytes.toString('base64url') === token;
      if (!asMade || !timingSafeEqual(bytes.subarray(0, macBytes), mac(list, filter, position))) {
        throw new TenureError('page_token_invalid', 'the page token is of another list or filter');
      }
      return position;
    },
  };
}
