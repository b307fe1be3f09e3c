import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { TestSelection } from './selection.ts';
import { unitDirectory } from './selection.ts';

/** Longer than any test file takes on a slow machine, so that a hanging test does not block the run. */
const FILE_TIMEOUT_MS = 300_000;
/** More than there are cores, because many tests wait: for a lease to end, a process to start, a time-out. */
const CONCURRENT_FILES = 3;
const reporter = fileURLToPath(new URL('outcome-reporter.ts', import.meta.url));

export interface TestRun {
  readonly pids: readonly number[];
  /** Exit code of the test runner of Node; of several, the first that is not 0. */
  readonly exitCode: Promise<number>;
  /** Stops the runners and the test files they started. */
  stop(): void;
}

export interface TestRunOptions {
  readonly clone: string;
  /** A folder for the outcomes of the tests; see `outcomes.ts`. */
  readonly outcomes: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the report goes. */
  readonly output: 'inherit' | 'ignore';
}

/**
 * Runs the selected tests with Node's test runner: unit tests together in one process, every other file in a process of
 * its own, several at a time. The report on the unit tests is printed as a whole.
 */
export function startTestRunner({ files, runnerArguments }: TestSelection, options: TestRunOptions): TestRun {
  const { clone, outcomes, environment, output } = options;
  const isUnit = (file: string): boolean => file.startsWith(unitDirectory);
  const groups = [
    { name: 'files', files: files.filter((file) => !isUnit(file)), how: `--test-concurrency=${CONCURRENT_FILES}` },
    { name: 'units', files: files.filter(isUnit), how: '--test-isolation=none' },
  ].filter((group) => group.files.length > 0);
  const children = groups.map(({ name, files: own, how }) => {
    const reportsLater = name === 'units' && groups.length > 1 && output === 'inherit';
    const child = spawn(
      process.execPath,
      [
        ...['--test', how, `--test-timeout=${FILE_TIMEOUT_MS}`],
        ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
        ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${join(outcomes, `${name}.jsonl`)}`],
        ...runnerArguments,
        ...own,
      ],
      // Its own process group, because the runner does not forward signals to its test files.
      {
        cwd: clone,
        stdio: reportsLater ? ['ignore', 'pipe', 'pipe'] : ['ignore', output, output],
        env: environment,
        detached: true,
      },
    );
    if (reportsLater) printAtItsEnd(child);
    return child;
  });
  const codes = children.map(
    (child) =>
      new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) => resolve(code ?? 1));
      }),
  );
  return {
    pids: children.map(({ pid }) => pid!),
    exitCode: Promise.all(codes).then((all) => all.find((code) => code !== 0) ?? 0),
    stop() {
      for (const child of children)
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGTERM');
    },
  };
}

function printAtItsEnd(child: ChildProcess): void {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part) => (text += part));
  child.once('close', () => process.stdout.write(text));
}
