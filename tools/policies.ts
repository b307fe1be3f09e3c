import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { canonicalBytes } from '../contracts/canonical-json.ts';
import { bundleDigest, policyEntrypoints } from '../engines/policy/bundle.ts';
import { inputsDigest, installFiles } from './built-files.ts';
import { OperatorError } from './process/operator-error.ts';
import { waitForPidLock } from './process/pid-lock.mjs';
import { runCommand } from './process/run-command.ts';
import type { CommandResult } from './process/run-command.ts';

const entrypoints = Object.values(policyEntrypoints);

/** The minimum coverage of the policies by their own tests, in percent. */
const COVERAGE_THRESHOLD = 95;
const OPA_TIMEOUT_MS = 120_000;

export const policiesDirectory = fileURLToPath(new URL('../policies', import.meta.url));

/** `bundle.json` beside `policy.wasm` and `data.json`. */
export interface BundleManifest {
  /** The digest that is recorded with every decision, see `bundleDigest`. */
  readonly digest: string;
  readonly entrypoints: readonly string[];
  /** Version of the compiler. */
  readonly opa: string;
  /** Digest of all inputs of the compiler; the same inputs are not compiled again. */
  readonly inputs: string;
}

/**
 * Compiles the Rego in `directory` to `directory/dist`. Does not need the compiler if `dist` is up to date.
 * Returns the bundle's manifest and whether it was compiled now.
 * @throws OperatorError with the compiler's message
 */
export async function compilePolicies(
  acquireOpa: () => Promise<string>,
  directory: string = policiesDirectory,
): Promise<{ readonly manifest: BundleManifest; readonly compiled: boolean }> {
  const dist = join(directory, 'dist');
  const current = readManifest(dist);
  if (current !== undefined && current.inputs === sourcesDigest(directory, current.opa)) {
    return { manifest: current, compiled: false };
  }
  const opa = await acquireOpa();
  const version = await opaVersion(opa);
  const inputs = sourcesDigest(directory, version);

  mkdirSync(dist, { recursive: true });
  const lock = await waitForPidLock(join(dist, 'lock'), 'compiling the policies', {
    timeoutMs: OPA_TIMEOUT_MS,
    onWait: () => {},
  });
  const staging = mkdtempSync(join(dist, '.staging-'));
  try {
    const { wasm, data } = await build(opa, directory, staging);
    const manifest: BundleManifest = {
      digest: bundleDigest(wasm, data),
      entrypoints,
      opa: version,
      inputs,
    };
    // The manifest is written last: a reader in between finds a digest that does not match, and never decides wrongly.
    installFiles(staging, dist, {
      'policy.wasm': wasm,
      'data.json': data,
      'bundle.json': JSON.stringify(manifest, null, 2),
    });
    return { manifest, compiled: true };
  } finally {
    rmSync(staging, { recursive: true, force: true });
    lock.release();
  }
}

/** The checks of the Rego sources, each with the result of its command: format, strict compilation, tests, coverage. */
export async function checkPolicies(
  opa: string,
  directory: string = policiesDirectory,
): Promise<readonly { readonly name: string; readonly result: CommandResult }[]> {
  const sources = sourcePaths(directory);
  const run = async (name: string, commandArguments: readonly string[]) => ({
    name,
    result: await runCommand(opa, commandArguments, { timeoutMs: OPA_TIMEOUT_MS, cwd: directory }),
  });
  const capabilities = ['--capabilities', 'capabilities.json'];
  return [
    await run('opa fmt', ['fmt', '--list', '--fail', 'tenure']),
    await run('opa check', ['check', '--strict', ...capabilities, '--ignore', '*_test.rego', ...sources]),
    await run('opa test', ['test', ...sources]),
    // Separate from the tests, because with coverage the output is one JSON document that hides which test failed.
    await run('opa coverage', ['test', '--coverage', '--threshold', String(COVERAGE_THRESHOLD), ...sources]),
  ];
}

/**
 * What is wrong with the bundle in `dist`, which is under version control; undefined if nothing is wrong. The bundle
 * must match its sources. If `opa` has the version that compiled it, it must also match what `opa` compiles.
 */
export async function compiledPolicyFlaw(
  opa: string,
  directory: string = policiesDirectory,
): Promise<string | undefined> {
  const manifest = readManifest(join(directory, 'dist'));
  if (manifest === undefined) return 'policies/dist is missing or damaged';
  if (manifest.inputs !== sourcesDigest(directory, manifest.opa)) return 'policies/dist is older than its sources';
  if ((await opaVersion(opa)) !== manifest.opa) return undefined;
  const staging = mkdtempSync(join(tmpdir(), 'tenure-policies-'));
  try {
    const { wasm, data } = await build(opa, directory, staging);
    return bundleDigest(wasm, data) === manifest.digest
      ? undefined
      : 'policies/dist differs from what its sources compile to';
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * The packages and the root of `data`; the policies do not use the other JSON files. Every path that opa gets is
 * relative, because opa writes the paths into the wasm, and its digest must not depend on the location of the checkout.
 */
function sourcePaths(directory: string): string[] {
  return ['tenure', 'data.json'].filter((path) => existsSync(join(directory, path)));
}

async function build(opa: string, directory: string, staging: string): Promise<{ wasm: Buffer; data: Buffer }> {
  const bundle = join(staging, 'bundle.tar.gz');
  const built = await runCommand(
    opa,
    [
      ...['build', '--target', 'wasm', '--output', bundle, '--ignore', '*_test.rego'],
      ...['--capabilities', 'capabilities.json'],
      ...entrypoints.flatMap((entrypoint) => ['--entrypoint', entrypoint]),
      ...sourcePaths(directory),
    ],
    { timeoutMs: OPA_TIMEOUT_MS, cwd: directory },
  );
  if (built.code !== 0) {
    throw new OperatorError(`the policies in ${directory} do not compile:\n${(built.stderr || built.stdout).trim()}`);
  }
  const unpacked = await runCommand('tar', ['-xzf', bundle, '-C', staging], { timeoutMs: OPA_TIMEOUT_MS });
  if (unpacked.code !== 0) throw new Error(`the policy bundle cannot be unpacked: ${unpacked.stderr}`);
  const data: unknown = JSON.parse(readFileSync(join(staging, 'data.json'), 'utf8'));
  return { wasm: readFileSync(join(staging, 'policy.wasm')), data: canonicalBytes(data) };
}

async function opaVersion(opa: string): Promise<string> {
  const { stdout, stderr } = await runCommand(opa, ['version'], { timeoutMs: OPA_TIMEOUT_MS });
  const version = /^Version: (\S+)/m.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${opa} does not print its version: ${stderr}`);
  return version;
}

function sourcesDigest(directory: string, version: string): string {
  const paths = globSync(['tenure/**/*.rego', '*.json'], { cwd: directory, exclude: ['**/*_test.rego'] }).toSorted();
  return inputsDigest(JSON.stringify({ version, entrypoints }), directory, paths);
}

function readManifest(dist: string): BundleManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(dist, 'bundle.json'), 'utf8')) as BundleManifest;
    const digest = bundleDigest(readFileSync(join(dist, 'policy.wasm')), readFileSync(join(dist, 'data.json')));
    return digest === manifest.digest ? manifest : undefined;
  } catch {
    return undefined;
  }
}
