import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { createApiClient } from '../client/api-client.ts';
import type { ApiClient, ApiClientOptions } from '../client/api-client.ts';
import { exitCodes } from '../contracts/problem-type.ts';
import type { CommandContext, Input, Output, Terminal } from './command-context.ts';
import type { CliEnvironment } from './config.ts';
import { readCertificates, resolveConnection } from './connection.ts';
import type { ConnectionSources } from './connection.ts';
import { asFailure } from './failure-report.ts';
import { normalizeFlags } from './flag-forms.ts';
import { createProgram } from './program.ts';
import { createPaint } from './text/paint.ts';
import { printable } from './text/printable.ts';

export interface CliOptions {
  /** The arguments, without node and the script. */
  readonly argv: readonly string[];
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: CliEnvironment;
  readonly workingDirectory: string;
  readonly installationDirectory: string;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Aborted when nothing reads stdout any more. */
  readonly unread: AbortSignal;
  /** Makes this process trust these certificates and no others. */
  readonly trust?: (certificates: readonly string[]) => void;
  /** Creates the client; tests replace it. */
  readonly createClient?: (options: ApiClientOptions) => ApiClient;
}

/** Long enough for an API that is being replaced, short enough for one that does not run. */
const retryForMs = 5_000;

/** Runs one command line. Never throws; resolves with the exit code. */
export async function runCli({
  argv,
  stdin,
  stdout,
  stderr,
  environment,
  workingDirectory,
  installationDirectory,
  interrupted,
  unread,
  trust = () => undefined,
  createClient = createApiClient,
}: CliOptions): Promise<number> {
  const paintFor = (output: Output) => createPaint(output.isTTY === true && !environment.noColor);
  const terminal: Terminal = {
    stdin,
    stdout,
    stderr,
    paintOut: paintFor(stdout),
    paintErr: paintFor(stderr),
    interrupted,
    unread,
    workingDirectory,
    get program() {
      return commandLine(environment.calledAs, program.opts());
    },
  };
  const context: CommandContext = {
    terminal,
    sources: () => ({ flags: program.opts(), environment, workingDirectory, installationDirectory }),
    trust(caFile) {
      if (caFile !== undefined) trust(readCertificates(caFile));
    },
    connect({ flags = program.opts(), signal, ...options } = {}) {
      const { caFile, ...connection } = resolveConnection({ ...context.sources(), flags });
      context.trust(caFile);
      return interruptible(
        createClient({ ...connection, retryForMs, ...options }),
        signal === undefined ? interrupted : AbortSignal.any([interrupted, signal]),
      );
    },
  };
  const program: Command = createProgram(context);
  try {
    // `--version` is not an option of the program, because it would also match `roll-out start --version 2`.
    await program.parseAsync(argv[0] === '--version' ? ['-V'] : normalizeFlags(program, argv), { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    // Commander has already printed the help, or the error in the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const { exit, report } = asFailure(error, terminal);
    if (report !== '')
      stderr.write(`${printable(report).replaceAll(/^error:/gm, () => terminal.paintErr('red', 'error:'))}\n`);
    return exitCodes[exit];
  }
}

/** The command with the flags that select the API. */
function commandLine(calledAs: string, { context, server, tokenFile, caFile }: ConnectionSources['flags']): string {
  const flags = Object.entries({
    '--context': context,
    '--server': server,
    '--token-file': tokenFile,
    '--ca-file': caFile,
  });
  return [calledAs, ...flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]))]
    .map(shellWord)
    .join(' ');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function interruptible(client: ApiClient, interrupted: AbortSignal): ApiClient {
  const withInterrupt = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? interrupted : AbortSignal.any([interrupted, signal]);
  return {
    server: client.server,
    call: (route, call) => client.call(route, { ...call, signal: withInterrupt(call?.signal) }),
    stream: (stream, call) => client.stream(stream, { ...call, signal: withInterrupt(call?.signal) }),
  };
}
