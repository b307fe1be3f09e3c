import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { TestSelection } from './selection.ts';

/** Longer than any test file takes on a slow machine; a test that hangs must not hang the run. */
const FILE_TIMEOUT_MS = 300_000;
const CONCURRENT_FILES = 2;
const reporter = fileURLToPath(new URL('outcome-reporter.ts', import.meta.url));

export interface TestRun {
  readonly pid: number;
  /** Exit code of node's test runner. */
  readonly exitCode: Promise<number>;
  /** Ends the runner and the test files it started. */
  stop(): void;
}

/** Runs node's test runner over the selection; its report goes to this process's output or nowhere, the outcomes to `outcomeFile`. */
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
    // A group of its own: the runner does not pass a signal on to its test files.
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
