import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from './config.ts';
import { secretFileFlaw } from './secret-file.ts';
import type { SecretFileAccess } from './secret-file.ts';

const setting = 'TENURE_LOG_KEY_FILE';
const pemForm = /-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----/g;

/** Reads the Ed25519 private keys that sign the log, each in PEM. @throws ConfigError */
export function readLogKeys(path: string, access: SecretFileAccess = 'private'): KeyObject[] {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`${setting} names a file that cannot be read: ${(error as Error).message}`]);
  }
  const flaw = secretFileFlaw(path, access);
  if (flaw !== undefined) throw new ConfigError([`${setting} ${flaw}`]);
  const keys = (content.match(pemForm) ?? []).map((pem) => {
    try {
      return createPrivateKey(pem);
    } catch {
      // The error could quote the key.
      throw new ConfigError([`${setting} contains a key that is not a private key in PEM: ${path}`]);
    }
  });
  if (keys.length === 0 || keys.some(({ asymmetricKeyType }) => asymmetricKeyType !== 'ed25519'))
    throw new ConfigError([
      `${setting} must contain Ed25519 private keys in PEM; openssl genpkey -algorithm ed25519 makes one: ${path}`,
    ]);
  return keys;
}
