import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildPackage } from './packages/build-package.ts';
import { publishedPackages } from './packages/published-packages.ts';
import { OperatorError, runMain } from './process/operator-error.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));

/** Builds the npm packages of client and CLI into `build/packages/` and packs them; prints the tarballs. */
async function main(): Promise<number> {
  if (process.argv.length > 2)
    throw new OperatorError(`npm run build:packages takes no arguments, not ${process.argv.slice(2).join(' ')}`);
  for (const definition of publishedPackages)
    console.log(await buildPackage(definition, { clone, outDirectory: join(clone, 'build', 'packages') }));
  const { repository } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { repository?: unknown };
  if (repository === undefined)
    console.error(
      'package.json has no "repository": npm publishes a package with provenance only if it names the repository it was built from',
    );
  return 0;
}

await runMain(main);
