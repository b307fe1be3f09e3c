import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { borrowInstallation, startInstallation } from '../../harness/installation.ts';
import type { Installation, SharedInstallation, Who } from '../../harness/installation.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun, CliSetting } from '../../harness/in-memory-cli.ts';

/** The CLI with an installation and its own folder. */
export interface InstallationCli<Opened extends SharedInstallation = SharedInstallation> {
  readonly installation: Opened;
  /** Contains a context for the installation, so that `./tenure` finds it from here. */
  readonly folder: string;
  run(argv: readonly string[], setting?: CliSetting, who?: Who): Promise<CliRun>;
  /** Runs a command that must succeed and returns what it printed. */
  done(...argv: readonly string[]): Promise<string>;
  /** Writes manifests to a file in the folder, one YAML document each; a string is written unchanged. */
  write(file: string, ...manifests: readonly unknown[]): string;
  stop(): Promise<void>;
}

/** With an installation of its own, which has these settings. */
export async function startInstallationCli(
  settings: Readonly<Record<string, string>> = {},
): Promise<InstallationCli<Installation>> {
  return cliOf(await startInstallation(attachToStack(), { settings }));
}

/** With a borrowed installation. */
export async function borrowInstallationCli(): Promise<InstallationCli> {
  return cliOf(await borrowInstallation(attachToStack()));
}

async function cliOf<Opened extends SharedInstallation>(installation: Opened): Promise<InstallationCli<Opened>> {
  const folder = mkdtempSync(join(tmpdir(), 'tenure-cli-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, await installation.token());
  writeFileSync(join(folder, 'context.json'), JSON.stringify({ server: installation.server, tokenFile: 'token' }));
  const run: InstallationCli['run'] = async (argv, { environment, ...setting } = {}, who) =>
    runInMemory(argv, {
      workingDirectory: folder,
      environment: {
        TENURE_CONTEXT: 'context.json',
        ...(who === undefined ? {} : { TENURE_TOKEN: await installation.token(who) }),
        ...environment,
      },
      ...setting,
    });
  return {
    installation,
    folder,
    run,
    async done(...argv) {
      const { code, stdout, stderr } = await run(argv);
      assert.equal(code, exitCodes.ok, `${argv.join(' ')}: ${stderr}`);
      return stdout;
    },
    write(file, ...manifests) {
      writeFileSync(
        join(folder, file),
        manifests.map((manifest) => (typeof manifest === 'string' ? manifest : stringify(manifest))).join('---\n'),
      );
      return file;
    },
    async stop() {
      await installation.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
