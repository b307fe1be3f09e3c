// The first step of every npm script. Plain JavaScript without dependencies, because it runs on any Node from 20 before
// anything is installed. It installs missing dependencies, and continues in TypeScript with the pinned Node.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensureDependencies, InstallError } from './process/dependencies.mjs';
import { onEndOfNpm } from './process/end-with-npm.mjs';

/** What each command runs. */
const SCRIPTS = {
  start: 'tools/start.ts',
  test: 'tools/test.ts',
  check: 'tools/check.ts',
  bench: 'test/bench/main.ts',
  generate: 'tools/generate.ts',
  histories: 'test/histories/record.ts',
  faults: 'test/faults/main.ts',
  model: 'tools/model.ts',
  chaos: 'tools/chaos.ts',
  fuzz: 'tools/fuzz.ts',
  packages: 'tools/packages.ts',
  'container-files': 'tools/container-files.ts',
};
const MINIMUM_NODE_MAJOR = 20;

const clone = fileURLToPath(new URL('..', import.meta.url));
/** Shared by all processes that a command starts, so that each module is compiled only once. */
const compileCache = join(clone, 'node_modules', '.cache', 'tenure', 'compiled');

async function main([command, ...rest]) {
  if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE_MAJOR) {
    console.error(
      `Node ${process.versions.node} is too old: install Node ${MINIMUM_NODE_MAJOR} or later (https://nodejs.org) and run this again`,
    );
    return 1;
  }
  if (!Object.hasOwn(SCRIPTS, command ?? '')) {
    console.error(`usage: node tools/bootstrap.mjs <${Object.keys(SCRIPTS).join('|')}> [arguments]`);
    return 2;
  }
  const script = join(clone, SCRIPTS[command]);
  if (!existsSync(script)) {
    console.error(`${script} is missing: restore it from version control`);
    return 1;
  }
  try {
    await ensureDependencies(clone, (line) => console.error(line));
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    console.error(error.message);
    return 1;
  }
  return await run(join(clone, 'node_modules', '.bin', 'node'), [script, ...rest]);
}

/**
 * The command stays in the caller's process group, so that a signal to the group ends it too. It detects the end of
 * this process by the channel, which closes for whatever reason this process ends.
 */
async function run(node, commandArguments) {
  const child = spawn(node, commandArguments, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    // Portable: a copy of the project, such as the tests of the documents make, finds the modules of this one.
    env: { NODE_COMPILE_CACHE: compileCache, NODE_COMPILE_CACHE_PORTABLE: '1', ...process.env },
  });
  onEndOfNpm(() => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${node} cannot be run (${error.message}): remove node_modules and run this again`);
      resolve(1);
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

process.exitCode = await main(process.argv.slice(2));
