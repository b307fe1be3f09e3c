import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const clone = fileURLToPath(new URL('../..', import.meta.url));

/** In seconds; longer than any run takes. */
export const NO_TIME_LIMIT = 7 * 24 * 3600;

/**
 * Runs tests that have a time limit in `npm test` for as long as the environment says; `settings` are the defaults.
 * Returns the exit code of the tests.
 */
export async function runLonger(tests: string, settings: Readonly<Record<string, string>>): Promise<number> {
  const timeout = `--test-timeout=${NO_TIME_LIMIT * 1000}`;
  const child = spawn(process.execPath, ['tools/test.ts', tests, timeout, ...process.argv.slice(2)], {
    cwd: clone,
    env: { ...settings, ...process.env },
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
