import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleDigest, policyEntrypoints } from '../../../engines/policy/bundle.ts';
import { compilePolicies, policiesDirectory } from '../../../tools/policies.ts';
import { runCommand } from '../../../tools/process/run-command.ts';
import { acquireTool } from '../../../tools/toolchain/acquire.ts';
import { opa as opaTool } from '../../../tools/toolchain/tools.ts';

const timeoutMs = 120_000;

/** Path of the compiler. */
export const opa = await acquireTool(opaTool, { environment: process.env, report: console.error });

/** The compiled policy of the project, up to date. */
export async function compiledPolicy(): Promise<string> {
  await compilePolicies(async () => opa);
  return join(policiesDirectory, 'dist');
}

/** A new folder that is removed by `await using`. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tenure-policy-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function run(command: string, commandArguments: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, commandArguments, { timeoutMs });
  if (code !== 0) throw new Error(`${command} ${commandArguments[0]}: ${stderr}${stdout}`);
  return stdout;
}

/** Writes the manifest for the files in a bundle's folder. */
export async function seal(directory: string): Promise<void> {
  const [wasm, data] = await Promise.all([
    readFile(join(directory, 'policy.wasm')),
    readFile(join(directory, 'data.json')),
  ]);
  await writeFile(join(directory, 'bundle.json'), JSON.stringify({ digest: bundleDigest(wasm, data) }));
}

/** How to compile: by default with both entry points, and with every builtin that the compiler knows. */
interface CompileOptions {
  readonly entrypoints?: readonly string[];
  readonly capabilities?: string;
}

/** Compiles Rego to a bundle in `directory`; rejects with the compiler's message. */
export async function compile(
  directory: string,
  modules: readonly string[],
  options: CompileOptions = {},
): Promise<void> {
  const { entrypoints = Object.values(policyEntrypoints), capabilities } = options;
  const files = modules.map((_, index) => join(directory, `${index}.rego`));
  await Promise.all(modules.map((module, index) => writeFile(files[index]!, module)));
  const bundle = join(directory, 'bundle.tar.gz');
  const flags = [
    ...entrypoints.flatMap((entrypoint) => ['--entrypoint', entrypoint]),
    ...(capabilities === undefined ? [] : ['--capabilities', capabilities]),
  ];
  await run(opa, ['build', '--target', 'wasm', '--output', bundle, ...flags, ...files]);
  await run('tar', ['-xzf', bundle, '-C', directory, '/policy.wasm', '/data.json']);
  await seal(directory);
}

/** The decisions of OPA's own evaluator for all inputs, in one process. An input without a decision is left out. */
export async function decideByOpa(entrypoint: string, inputs: readonly unknown[]): Promise<unknown[]> {
  await using directory = await temporaryDirectory();
  const input = join(directory.path, 'inputs.json');
  await writeFile(input, JSON.stringify(inputs));
  const query = `[decision | some request in input; decision := data.${entrypoint.replaceAll('/', '.')} with input as request]`;
  const data = ['tenure', 'data.json'].flatMap((path) => ['--data', join(policiesDirectory, path)]);
  const printed = await run(opa, ['eval', '--format', 'raw', '--input', input, ...data, query]);
  return JSON.parse(printed) as unknown[];
}
