import { fileURLToPath } from 'node:url';

import { cliReference } from './generate/cli-reference.ts';
import { configurationReference } from './generate/configuration-reference.ts';
import { contractFiles, contractSchemaFolder } from './generate/contract-schemas.ts';
import { findDrift, writeGenerated } from './generate/generated-file.ts';
import type { GeneratedSet } from './generate/generated-file.ts';
import { lifecycleReference } from './generate/lifecycle-reference.ts';
import { openApiFile } from './generate/openapi/document.ts';
import { problemReference } from './generate/problem-reference.ts';
import { routeReference } from './generate/route-reference.ts';
import { OperatorError, runMain } from './process/operator-error.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));

/** Writes every generated file. With `--check`, only reports the files that differ; the exit code is then 1. */
async function main(): Promise<number> {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
  if (unknown.length > 0)
    throw new OperatorError(`unknown argument ${unknown.join(' ')}; usage: npm run generate [-- --check]`);
  const set: GeneratedSet = {
    files: [
      ...contractFiles(),
      openApiFile(),
      problemReference(),
      routeReference(),
      lifecycleReference(),
      configurationReference(),
      cliReference(),
    ],
    folder: contractSchemaFolder,
  };
  if (process.argv.includes('--check')) {
    const drift = findDrift(set, clone);
    for (const { path, kind } of drift) console.error(`${path} is ${kind}; fix: npm run generate`);
    return drift.length === 0 ? 0 : 1;
  }
  for (const { path } of writeGenerated(set, clone)) console.log(path);
  return 0;
}

await runMain(main);
