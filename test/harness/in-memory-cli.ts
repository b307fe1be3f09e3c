import { Readable } from 'node:stream';
import type { Input } from '../../cli/command-context.ts';
import { readEnvironment } from '../../cli/config.ts';
import { runCli } from '../../cli/run-cli.ts';
import type { CliOptions } from '../../cli/run-cli.ts';

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
  /** Makes both outputs terminals with this many columns. */
  readonly terminalColumns?: number;
  /** Makes the input a terminal too, where this text is typed. */
  readonly typed?: string;
  readonly createClient?: CliOptions['createClient'];
}

const nowhere = '/nonexistent';

function inputOf(stdin: string | Uint8Array | Readable, typed: string | undefined): Input {
  if (typed !== undefined) return Object.assign(Readable.from([Buffer.from(typed)]), { isTTY: true });
  return stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]);
}

/** Runs one command line in this process and collects what it writes. */
export async function runInMemory(argv: readonly string[], setting: CliSetting = {}): Promise<CliRun> {
  const {
    environment = {},
    stdin = '',
    workingDirectory = nowhere,
    installationDirectory = nowhere,
    interrupted = new AbortController().signal,
    typed,
    createClient,
  } = setting;
  const terminalColumns = setting.terminalColumns ?? (typed === undefined ? undefined : 80);
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => (written[name] += text),
    ...(terminalColumns === undefined ? {} : { isTTY: true, columns: terminalColumns }),
  });
  const code = await runCli({
    argv,
    stdin: inputOf(stdin, typed),
    stdout: output('stdout'),
    stderr: output('stderr'),
    environment: readEnvironment(environment),
    workingDirectory,
    installationDirectory,
    interrupted,
    unread: new AbortController().signal,
    ...(createClient === undefined ? {} : { createClient }),
  });
  return { code, ...written };
}
