import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkImportDirections } from './checks/import-directions.ts';
import { checkPolicies, compiledPolicyFlaw } from './policies.ts';
import { runMain } from './process/operator-error.ts';
import { runCommand } from './process/run-command.ts';
import { acquireTool } from './toolchain/acquire.ts';
import { opa } from './toolchain/tools.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));
const CHECK_TIMEOUT_MS = 10 * 60_000;

/** The result of a check; `output` is shown if it failed. */
interface Finding {
  readonly ok: boolean;
  readonly output: string;
}

interface Check {
  readonly name: string;
  run(): Promise<Finding>;
}

const checks: readonly Check[] = [
  program('types', ['tsc', '--noEmit']),
  program('format', ['prettier', '--check', '--log-level', 'warn', '.']),
  program('lint', ['oxlint', '--type-aware', '--deny-warnings']),
  program('dead code', ['knip']),
  { name: 'import directions', run: importDirections },
  { name: 'generated files', run: generatedFiles },
  { name: 'policies', run: policies },
  { name: 'compiled policy', run: compiledPolicy },
];

/** Runs every check, even after one has failed. The exit code is 0 only if all passed. */
async function main(): Promise<number> {
  const failed: string[] = [];
  for (const check of checks) {
    const started = performance.now();
    const { ok, output } = await check.run();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${ok ? '✔' : '✖'} ${check.name} ${ok ? 'ok' : 'failed'} (${seconds} s)`);
    if (ok) continue;
    failed.push(check.name);
    console.log(output.trimEnd());
  }
  console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

/** A check that runs a program of a dependency. */
function program(name: string, [command, ...commandArguments]: readonly [string, ...string[]]): Check {
  return {
    name,
    async run() {
      // The programs start `node` by name, so the pinned one must be first on PATH.
      const bin = join(clone, 'node_modules', '.bin');
      const result = await runCommand(join(bin, command), commandArguments, {
        timeoutMs: CHECK_TIMEOUT_MS,
        cwd: clone,
        environment: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
      });
      return { ok: result.code === 0, output: `${result.stdout}${result.stderr}` };
    },
  };
}

async function importDirections(): Promise<Finding> {
  const violations = checkImportDirections(clone);
  return {
    ok: violations.length === 0,
    output: violations.map(({ file, line, message }) => `${file}:${line} ${message}`).join('\n'),
  };
}

async function generatedFiles(): Promise<Finding> {
  const script = join(clone, 'tools', 'generate.ts');
  if (!existsSync(script)) return { ok: true, output: '' };
  const result = await runCommand(process.execPath, [script, '--check'], { timeoutMs: CHECK_TIMEOUT_MS, cwd: clone });
  return { ok: result.code === 0, output: `${result.stdout}${result.stderr}` };
}

const acquireOpa = (): Promise<string> => acquireTool(opa, { environment: process.env, report: console.error });

async function compiledPolicy(): Promise<Finding> {
  const flaw = await compiledPolicyFlaw(await acquireOpa());
  return { ok: flaw === undefined, output: `${flaw}; run npm test, and commit policies/dist` };
}

async function policies(): Promise<Finding> {
  const failed = (await checkPolicies(await acquireOpa())).filter(({ result }) => result.code !== 0);
  return {
    ok: failed.length === 0,
    output: failed.map(({ name, result }) => `${name}:\n${result.stdout}${result.stderr}`).join('\n'),
  };
}

await runMain(main);
