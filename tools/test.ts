import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compile } from './compile.ts';
import { compilePolicies } from './policies.ts';
import { OperatorError, runMain } from './process/operator-error.ts';
import { stackFileVariable } from './stack/attach.ts';
import type { EmbeddedStack } from './stack/embedded-stack.ts';
import { createTemporaryStack } from './stack/temporary-stack.ts';
import { installationPoolVariable, openInstallationPool } from './testing/installation-pool.ts';
import type { InstallationPool } from './testing/installation-pool.ts';
import { complaints, readAllowedSkips, readOutcomes, slowestFiles } from './testing/outcomes.ts';
import { selectTests } from './testing/selection.ts';
import { startTestRunner } from './testing/test-runner.ts';
import type { TestRun } from './testing/test-runner.ts';
import { acquireTool, acquireToolchain, toolVariables } from './toolchain/acquire.ts';
import { opa } from './toolchain/tools.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));
const INTERRUPTED = 130;

/**
 * Runs the tests against one embedded stack. The exit code is 0 only if tests ran, none failed and every skip is
 * listed.
 */
async function main(): Promise<number> {
  const selection = selectTests(process.argv.slice(2), clone);
  if (selection.files.length === 0)
    throw new OperatorError('no test file matches; give file names, such as: npm test -- test/unit/x.test.ts');

  const scratch = mkdtempSync(join(tmpdir(), 'tenure-test-'));
  const phases: string[] = [];
  const timed = async <T>(phase: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    try {
      return await work();
    } finally {
      phases.push(`${phase} ${((performance.now() - started) / 1000).toFixed(1)} s`);
    }
  };

  let stack: EmbeddedStack | undefined;
  let pool: InstallationPool | undefined;
  let run: TestRun | undefined;
  const interruption = new AbortController();
  // Not `once`: npm and the terminal may both send the signal; the second one would kill this process before its
  // cleanup.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interruption.abort());
  interruption.signal.addEventListener('abort', () => run?.stop());
  const interrupted = (): boolean => interruption.signal.aborted;

  try {
    const environment = await timed('setup', async () => await prepareEnvironment(selection.needsStack));
    if (selection.needsStack && !interrupted()) {
      stack = await timed('stack', async () => await createTemporaryStack({ environment }));
      environment[stackFileVariable] = stack.writeDescription();
      pool = await openInstallationPool(stack);
      environment[installationPoolVariable] = pool.address;
    }
    if (interrupted()) return INTERRUPTED;

    run = startTestRunner(selection, { clone, outcomes: scratch, environment, output: 'inherit' });
    for (const pid of run.pids) stack?.endWithStack(`test-runner-${pid}`, pid);
    const exitCode = await timed('tests', async () => await run!.exitCode);
    if (interrupted()) return INTERRUPTED;
    const found = complaints(readOutcomes(scratch), readAllowedSkips(join(clone, 'test', 'skipped.json')));
    printSlowest(scratch);
    for (const complaint of found) console.error(`✖ ${complaint}`);
    return exitCode === 0 && found.length > 0 ? 1 : exitCode;
  } finally {
    await pool?.close();
    await stack?.stop();
    rmSync(scratch, { recursive: true, force: true });
    console.log(phases.join(' · '));
  }
}

/** Prints the slowest files of a run of ten files or more. */
function printSlowest(outcomes: string): void {
  const { slowest, total } = slowestFiles(outcomes, 10);
  if (slowest.length < 10) return;
  console.log(`slowest files, of ${total.toFixed(0)} s in all:`);
  for (const { file, seconds } of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
}

/**
 * Compiles what the tests need. Returns an environment in which the tests and their stacks use the binaries found here.
 */
async function prepareEnvironment(withStack: boolean): Promise<NodeJS.ProcessEnv> {
  const options = { environment: process.env, report: console.error };
  const [stackTools, opaPath] = await Promise.all([
    withStack ? acquireToolchain(options) : {},
    acquireTool(opa, options),
  ]);
  await (withStack ? compile(process.env) : compilePolicies(async () => opaPath));
  return { ...process.env, ...toolVariables({ ...stackTools, opa: opaPath }) };
}

await runMain(main);
