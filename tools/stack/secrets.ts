import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';

/** The secrets of the embedded stack: created once, in files of mode 0600 in the data directory. */
export interface StackSecrets {
  /** The key file that the members of a replica set share. */
  readonly mongodKeyFile: string;
  readonly passwords: MongodPasswords;
  /** Wraps the tenants' data keys: `{"current": id, "keys": {id: base64 of 32 bytes}}`. */
  readonly keyringFile: string;
  /** Encrypts workflow payloads; same format. */
  readonly codecKeyringFile: string;
  /** Signs the log of the ledger: an Ed25519 key in PEM. */
  readonly logKeyFile: string;
  readonly issuerPrivateKey: JWK;
  readonly jwksFile: string;
}

export interface MongodPasswords {
  /** Root, for the setup and for tests. */
  readonly admin: string;
  /** The user of the control plane. */
  readonly plane: string;
}

/** Reads the secrets and creates missing ones. Never overwrites existing ones. */
export async function openSecrets(directory: string): Promise<StackSecrets> {
  const mongodKeyFile = join(directory, 'mongod.key');
  const keyringFile = join(directory, 'keyring.json');
  const codecKeyringFile = join(directory, 'codec-keyring.json');
  const jwksFile = join(directory, 'jwks.json');
  const logKeyFile = join(directory, 'log-key.pem');

  await secretOnce(mongodKeyFile, () => randomBytes(512).toString('base64'));
  await secretOnce(keyringFile, newKeyring);
  await secretOnce(codecKeyringFile, newKeyring);
  await secretOnce(logKeyFile, newLogKey);
  const passwords = await secretOnce(join(directory, 'mongod-passwords.json'), () =>
    JSON.stringify({ admin: newPassword(), plane: newPassword() } satisfies MongodPasswords),
  );
  const issuer = JSON.parse(await secretOnce(join(directory, 'issuer.json'), newIssuerKey)) as JWK;
  const { d: _private, ...publicKey } = issuer;
  await secretOnce(jwksFile, () => JSON.stringify({ keys: [publicKey] }));

  return {
    mongodKeyFile,
    passwords: JSON.parse(passwords) as MongodPasswords,
    keyringFile,
    codecKeyringFile,
    logKeyFile,
    issuerPrivateKey: issuer,
    jwksFile,
  };
}

/** Writes a file atomically, readable only by its owner. */
export function writePrivately(path: string, content: string): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, path);
}

/** The content of a file, which is created if it does not exist. */
export async function secretOnce(path: string, make: () => string | Promise<string>): Promise<string> {
  if (!existsSync(path)) writePrivately(path, await make());
  return readFileSync(path, 'utf8');
}

function newKeyring(): string {
  return JSON.stringify({ current: '1', keys: { '1': randomBytes(32).toString('base64') } });
}

function newLogKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Only letters, digits, `-` and `_`, so that it needs no escaping in a URI. */
function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

async function newIssuerKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const key = await exportJWK(privateKey);
  return JSON.stringify({ ...key, kid: await calculateJwkThumbprint(key), alg: 'EdDSA', use: 'sig' });
}
