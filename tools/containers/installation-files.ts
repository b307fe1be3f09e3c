import { chmodSync, mkdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { cells } from '../stack/embedded-stack.ts';
import { planeUser } from '../stack/mongod-setup.ts';
import type { ReplicaSetName } from '../stack/mongod.ts';
import { openSecrets, secretOnce, writePrivately } from '../stack/secrets.ts';
import { createTokenIssuer } from '../stack/token-issuer.ts';

const MONGOD_PORT = 27017;
const OPERATOR_TOKEN_SECONDS = 7 * 24 * 60 * 60;
const PUBLISHED_API = 'http://127.0.0.1:8080';

/** Files that containers get as secrets, with their names in docker-compose.yml. */
const mounted = [
  'mongod.key',
  'mongod-passwords.json',
  'keyring.json',
  'codec-keyring.json',
  'log-key.pem',
  'jwks.json',
  'cells.json',
  'tenure.env',
  'temporal-db-password',
] as const;

/**
 * Creates the secrets of the installation in docker-compose.yml, and an operator's context for it. Keeps what exists,
 * except the operator's token, which is valid for a week.
 * Every user may read the mounted files, but only the owner may open the directory. The containers run as other users,
 * and get only single files.
 */
export async function writeInstallationFiles(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700);
  const { passwords, issuerPrivateKey } = await openSecrets(directory);
  const uri = (set: ReplicaSetName): string =>
    `mongodb://${planeUser}:${passwords.plane}@${set}:${MONGOD_PORT}/?replicaSet=${set}&authSource=admin`;
  await secretOnce(join(directory, 'temporal-db-password'), () => randomBytes(24).toString('base64url'));
  writePrivately(
    join(directory, 'cells.json'),
    JSON.stringify(Object.fromEntries(Object.entries(cells).map(([cell, set]) => [cell, { uri: uri(set) }]))),
  );
  writePrivately(join(directory, 'tenure.env'), `TENURE_CONTROL_URI=${uri('control')}\n`);
  for (const file of mounted) chmodSync(join(directory, file), 0o444);

  const tokenFile = join(directory, 'operator.token');
  writePrivately(
    tokenFile,
    await createTokenIssuer(issuerPrivateKey)({
      subject: 'operator@containers',
      roles: ['admin'],
      ttlSeconds: OPERATOR_TOKEN_SECONDS,
    }),
  );
  writePrivately(join(directory, 'context.json'), JSON.stringify({ server: PUBLISHED_API, tokenFile }));
}
