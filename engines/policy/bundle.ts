import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../contracts/canonical-json.ts';
import { digestSchema } from '../../contracts/identifiers.ts';
import type { Digest } from '../../contracts/identifiers.ts';

/** Entry points that every compiled policy must have; `contracts/policy.ts` defines their input and output. */
export const policyEntrypoints = {
  authorize: 'tenure/authz/decision',
  admit: 'tenure/admission/decision',
} as const;

/**
 * Identity of a compiled policy: SHA-256 over the length of the wasm in bytes (64 bits, big-endian), the wasm, and the
 * bytes of `data.json`. The length prevents two different pairs from having the same concatenation.
 */
export function bundleDigest(wasm: Uint8Array, data: Uint8Array): Digest {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(wasm.length));
  return sha256(Buffer.concat([length, wasm, data]));
}

/** The part of `bundle.json` that says which files belong to it. */
const bundleManifestSchema = z.looseObject({ digest: digestSchema });

/** A compiled policy whose bytes match the digest in its manifest. */
export interface PolicyBundle {
  readonly digest: Digest;
  readonly wasm: Uint8Array;
  /** UTF-8 JSON. */
  readonly data: ArrayBuffer;
}

/**
 * Reads `policy.wasm`, `data.json` and `bundle.json`, and compares the bytes with the digest in `bundle.json`.
 * @throws Error if a file is missing or damaged, or the digest differs.
 */
export async function readBundle(directory: string): Promise<PolicyBundle> {
  const read = (file: string) => readFile(join(directory, file));
  const [wasm, data, manifest] = await Promise.all([read('policy.wasm'), read('data.json'), read('bundle.json')]);
  const digest = bundleDigest(wasm, data);
  const expected = bundleManifestSchema.parse(JSON.parse(manifest.toString('utf8'))).digest;
  if (digest !== expected) throw new Error(`the files have the digest ${digest}, but bundle.json says ${expected}`);
  return { digest, wasm, data: new Uint8Array(data).buffer };
}
