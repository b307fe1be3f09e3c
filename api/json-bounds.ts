import { TenureError } from '../domain/tenure-error.ts';

/**
 * Maximum number of values in a body. The largest manifest that fits in 1 MiB has fewer. A parsed value takes up to 100
 * bytes.
 */
export const maxValues = 150_000;
/** Maximum number of entries in an object or array, unless the contract sets a lower limit. */
export const maxEntries = 10_000;
export const maxDepth = 64;

const [quote, backslash, comma, openArray, closeArray, openObject, closeObject] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];

const refusal = (what: string): TenureError => new TenureError('request_invalid', `the body ${what}`);

/**
 * Refuses JSON that would take many times its size once parsed, by looking only at its bytes. Malformed JSON may pass;
 * the parser finds it.
 * @throws TenureError request_invalid
 */
export function requireBoundedJson(text: Uint8Array): void {
  let values = 0;
  let depth = 0;
  // Entries so far, by depth.
  const entries = new Uint32Array(maxDepth + 1);
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case quote:
        for (at += 1; at < text.length && text[at] !== quote; at += 1) if (text[at] === backslash) at += 1;
        break;
      case openArray:
      case openObject:
        values += 1;
        depth += 1;
        if (depth <= maxDepth) entries[depth] = 1;
        break;
      case closeArray:
      case closeObject:
        depth = Math.max(0, depth - 1);
        break;
      case comma: {
        values += 1;
        // Too deep nesting is refused later, with its position.
        if (depth > maxDepth) break;
        const count = (entries[depth] ?? 0) + 1;
        entries[depth] = count;
        if (count > maxEntries) throw refusal(`has an object or array with more than ${maxEntries} entries`);
        break;
      }
      default:
    }
    if (values > maxValues) throw refusal(`contains more than ${maxValues} values`);
  }
}
