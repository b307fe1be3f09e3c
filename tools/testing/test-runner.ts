import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { TestSelection } from './selection.ts';

/** Longer than any test file takes on a slow machine, so that a hanging test does not block the run. */
const FILE_TIMEOUT_MS = 300_000;
const CONCURRENT_FILES = 2;
const reporter = fileURLToPath(new URL('outcome-reporter.ts', import.meta.url));

export interface TestRun {
  readonly pid: number;
  /** Exit code of the test runner of Node. */
  readonly exitCode: Promise<number>;
  /** Stops the runner and the test files it started. */
  stop(): void;
}

/**
 * Runs the selected tests with Node's test runner. `output` says where its report goes; the outcomes go to
 * `outcomeFile`.
 */
export function startTestRunner(
  selection: TestSelection,
  options: { clone: string; outcomeFile: string; environment: NodeJS.ProcessEnv; output: 'inherit' | 'ignore' },
): TestRun {
  const child = spawn(
    process.execPath,
    [
      ...['--test', `--test-concurrency=${CONCURRENT_FILES}`, `--test-timeout=${FILE_TIMEOUT_MS}`],
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${options.outcomeFile}`],
      ...selection.runnerArguments,
      ...selection.files,
    ],
    // Its own process group, because the runner does not forward signals to its test files.
    { cwd: options.clone, stdio: ['ignore', options.output, options.output], env: options.environment, detached: true },
  );
  return {
    pid: child.pid!,
    exitCode: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    }),
    stop() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM');
    },
  };
}
