import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inputsDigest, installFiles } from './built-files.ts';
import { waitForPidLock } from './process/pid-lock.mjs';
import { workflowBundlePath } from './stack/process-environment.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));
const directory = dirname(workflowBundlePath);

/**
 * The rooms that workflow code may come from. Files outside the bundle may cause a useless build, but none is missed.
 */
const sources = '{contracts,domain,platform,workers,workflows}/**/*.ts';
const buildTimeoutMs = 120_000;

/** Bundles the workflows for the workers of this clone, if needed. Returns whether the bundle was built now. */
export async function buildWorkflowBundle(): Promise<boolean> {
  const paths = ['package-lock.json', ...globSync(sources, { cwd: clone }).toSorted()];
  const inputs = inputsDigest(process.version, clone, paths);
  const inputsPath = join(directory, 'inputs');
  const isCurrent = (): boolean =>
    existsSync(workflowBundlePath) && existsSync(inputsPath) && readFileSync(inputsPath, 'utf8') === inputs;
  if (isCurrent()) return false;
  mkdirSync(directory, { recursive: true });
  const lock = await waitForPidLock(join(directory, 'lock'), 'bundling the workflows', {
    timeoutMs: buildTimeoutMs,
    onWait: () => {},
  });
  try {
    if (isCurrent()) return false;
    // The bundler loads the core of Temporal's SDK, so it is imported only for a build.
    const { bundleWorkflows } = await import('../workers/workflow-bundle.ts');
    const { code } = await bundleWorkflows();
    // The digest is written last, so that a matching digest is never next to an older bundle.
    installFiles(directory, directory, { [basename(workflowBundlePath)]: code, inputs });
    return true;
  } finally {
    lock.release();
  }
}
