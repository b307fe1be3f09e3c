import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nameSchema } from '../contracts/identifiers.ts';
import { ConfigError } from './config.ts';
import { secretFileFlaw, trustedFileFlaw } from './secret-file.ts';
import type { SecretFileAccess } from './secret-file.ts';

function readJsonFile<Schema extends z.ZodType>(
  setting: string,
  path: string,
  schema: Schema,
  accessFlaw: (path: string) => string | undefined,
): z.infer<Schema> {
  let text: string;
  let flaw: string | undefined;
  try {
    // Some editors save a byte order mark, which is not part of the text; TextDecoder removes it.
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    flaw = accessFlaw(path);
  } catch (error) {
    throw new ConfigError([
      `${setting} names a file that cannot be read: ${error instanceof Error ? error.message : path}`,
    ]);
  }
  if (flaw !== undefined) throw new ConfigError([`${setting} ${flaw}`]);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // The file can hold secrets, so the message must not quote its content.
    throw new ConfigError([
      `${setting} names a file with the wrong format: ${path}; see docs/reference/configuration.md for the format`,
    ]);
  }
}

const keyringSchema = z
  .strictObject({ current: z.string().min(1), keys: z.record(z.string(), z.base64()) })
  .refine((ring) => Object.hasOwn(ring.keys, ring.current));

/** Reads a keyring file: `{"current": "<id>", "keys": {"<id>": "<32 bytes, base64>"}}`. @throws ConfigError */
export function readKeyring(
  setting: string,
  path: string,
  access: SecretFileAccess = 'private',
): { current: string; keys: Map<string, Buffer> } {
  const ring = readJsonFile(setting, path, keyringSchema, (named) => secretFileFlaw(named, access));
  const keys = new Map(Object.entries(ring.keys).map(([id, encoded]) => [id, Buffer.from(encoded, 'base64')]));
  if ([...keys.values()].some((key) => key.length !== 32))
    throw new ConfigError([`${setting}: every key must be 32 bytes`]);
  return { current: ring.current, keys };
}

const cellsSchema = z.record(nameSchema, z.strictObject({ uri: z.string().startsWith('mongodb') }));

/** Reads the cells file: `{"<cell>": {"uri": "mongodb://…"}}`. @throws ConfigError */
export function readCells(path: string, access: SecretFileAccess = 'private'): Map<string, { uri: string }> {
  return new Map(
    Object.entries(readJsonFile('TENURE_CELLS_FILE', path, cellsSchema, (named) => secretFileFlaw(named, access))),
  );
}

const jwksSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** Reads a JSON Web Key Set of public keys. @throws ConfigError */
export function readJwks(path: string): { keys: { kty: string }[] } {
  return readJsonFile('TENURE_JWKS_FILE', path, jwksSchema, trustedFileFlaw);
}
