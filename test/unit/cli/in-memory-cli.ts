import { Readable } from 'node:stream';
import { readEnvironment } from '../../../cli/config.ts';
import { runCli } from '../../../cli/run-cli.ts';
import type { CliOptions } from '../../../cli/run-cli.ts';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSetting {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array | Readable;
  readonly workingDirectory?: string;
  readonly installationDirectory?: string;
  readonly interrupted?: AbortSignal;
  /** Makes both outputs terminals of so many columns. */
  readonly terminalColumns?: number;
  readonly createClient?: CliOptions['createClient'];
}

const nowhere = '/nonexistent';

/** Runs one command line in this process and collects what it writes. */
export async function runInMemory(argv: readonly string[], setting: CliSetting = {}): Promise<CliRun> {
  const { environment = {}, stdin = '', workingDirectory = nowhere, installationDirectory = nowhere, interrupted = new AbortController().signal, terminalColumns, createClient } = setting;
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => (written[name] += text),
    ...(terminalColumns === undefined ? {} : { isTTY: true, columns: terminalColumns }),
  });
  const code = await runCli({
    argv,
    stdin: stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]),
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment: readEnvironment(environment),
    workingDirectory,
    installationDirectory,
    interrupted,
    ...(createClient === undefined ? {} : { createClient }),
  });
  return { code, ...written };
}
