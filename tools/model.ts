import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

import { runMain } from './process/operator-error.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));
const DEFAULT_RUNS = '100';
const NO_TIME_LIMIT = `${7 * 24 * 3600}`;

/** Runs the model of the lifecycle for longer than `npm test` has the time for, from another seed each time unless one is given. */
async function main(): Promise<number> {
  const environment = { TENURE_MODEL_RUNS: DEFAULT_RUNS, TENURE_MODEL_SECONDS: NO_TIME_LIMIT, TENURE_MODEL_SEED: 'random', TENURE_MODEL_KILLS: '2', TENURE_MODEL_MONGOD_KILLS: '1', ...process.env };
  const timeout = `--test-timeout=${Number(NO_TIME_LIMIT) * 1000}`;
  const child = spawn(process.execPath, ['tools/test.ts', 'test/model', timeout, ...process.argv.slice(2)], { cwd: clone, env: environment, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}

await runMain(main);
