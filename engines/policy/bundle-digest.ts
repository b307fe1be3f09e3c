import { sha256 } from '../../contracts/canonical-json.ts';
import type { Digest } from '../../contracts/identifiers.ts';

/**
 * Identity of a compiled policy: SHA-256 over the length of the wasm in bytes (64 bits, big-endian), the wasm, and the
 * bytes of `data.json`. The length keeps two different pairs from having the same concatenation.
 */
export function bundleDigest(wasm: Uint8Array, data: Uint8Array): Digest {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(wasm.length));
  return sha256(Buffer.concat([length, wasm, data]));
}
