import type { Readable } from 'node:stream';
import type { ApiClient } from '../client/api-client.ts';
import type { ConnectionSources } from './connection.ts';
import type { Paint } from './text/paint.ts';

/** What a command writes to; `process.stdout` is one. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command reads from; `process.stdin` is one. */
export type Input = Readable & { readonly isTTY?: boolean };

/** Where a command's words and data go, and how its end is asked for. */
export interface Terminal {
  readonly stdin: Input;
  /** Data. */
  readonly stdout: Output;
  /** Messages. */
  readonly stderr: Output;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
  readonly interrupted: AbortSignal;
  /** Aborted when nothing more that is written to stdout can be read: it ends what only prints and has no end of its own. */
  readonly unread: AbortSignal;
  /** How this program is called so that it talks to the same API, for texts that say what to run next. */
  readonly program: string;
  readonly workingDirectory: string;
}

export interface ConnectOptions {
  /** How long to go on while the API cannot be reached. */
  readonly retryForMs?: number;
  /** In place of those of the command line. */
  readonly flags?: ConnectionSources['flags'];
  /** Ends its requests too. */
  readonly signal?: AbortSignal;
}

/** All that a command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** What the connection is read from; once the command line has been parsed. */
  sources(): ConnectionSources;
  /** Has the certificates of that file trusted, where one is named. @throws CliFailure usage */
  trust(caFile: string | undefined): void;
  /**
   * A client of the API the user means; its requests end when the command is interrupted.
   * @throws CliFailure usage
   */
  connect(options?: ConnectOptions): ApiClient;
}
