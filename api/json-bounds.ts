import { TenureError } from '../domain/tenure-error.ts';

/** So many values may be in a body: the largest manifest that 1 MiB holds has fewer. What is parsed takes up to a hundred bytes for each. */
export const maxValues = 150_000;
/** So many entries may an object or an array have, where the contract does not say fewer. */
export const maxEntries = 10_000;
export const maxDepth = 64;

const [quote, backslash, comma, openArray, closeArray, openObject, closeObject] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];

const refusal = (what: string): TenureError => new TenureError('request_invalid', `the body ${what}`);

/**
 * Refuses JSON that would take many times its own size when it is parsed, from its bytes alone. What is not well-formed may pass: the
 * parser finds that.
 * @throws TenureError request_invalid
 */
export function requireBoundedJson(text: Uint8Array): void {
  let values = 0;
  let depth = 0;
  // Commas so far, by depth.
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
        // What nests too deep is refused when it is parsed, with its place.
        if (depth > maxDepth) break;
        const count = (entries[depth] ?? 0) + 1;
        entries[depth] = count;
        if (count > maxEntries) throw refusal(`has an object or array of more than ${maxEntries} entries`);
        break;
      }
      default:
    }
    if (values > maxValues) throw refusal(`holds more than ${maxValues} values`);
  }
}
