import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { writeInstallationFiles } from './containers/installation-files.ts';
import { OperatorError, runMain } from './process/operator-error.ts';

const directory = join(fileURLToPath(new URL('..', import.meta.url)), '.tenure', 'containers');

/** Writes the secrets of docker-compose.yml and the operator's context. */
async function main(): Promise<number> {
  if (process.argv.length > 2)
    throw new OperatorError(`npm run container-files takes no arguments, not ${process.argv.slice(2).join(' ')}`);
  await writeInstallationFiles(directory);
  console.log(
    `${directory} contains the secrets, and context.json for ./tenure; keep a copy of keyring.json elsewhere: without it no tenant can be opened`,
  );
  return 0;
}

await runMain(main);
