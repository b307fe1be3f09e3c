import type { Readable } from 'node:stream';
import type { ApiClient } from '../client/api-client.ts';
import type { ConnectionSources } from './connection.ts';
import type { Paint } from './text/paint.ts';

/** What a command writes to, such as `process.stdout`. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command reads from, such as `process.stdin`. */
export type Input = Readable & { readonly isTTY?: boolean };

/** Where a command's messages and data go, and how it is interrupted. */
export interface Terminal {
  readonly stdin: Input;
  /** Data. */
  readonly stdout: Output;
  /** Messages. */
  readonly stderr: Output;
  readonly paintOut: Paint;
  readonly paintErr: Paint;
  readonly interrupted: AbortSignal;
  /** Aborted when nothing reads stdout any more. It ends commands that only print and never finish, such as a watch. */
  readonly unread: AbortSignal;
  /** The command, with the flags that select the same API, for messages that say what to run next. */
  readonly program: string;
  readonly workingDirectory: string;
}

export interface ConnectOptions {
  /** How long to retry while the API cannot be reached. */
  readonly retryForMs?: number;
  /** Used instead of the flags of the command line. */
  readonly flags?: ConnectionSources['flags'];
  /** Also ends its requests. */
  readonly signal?: AbortSignal;
}

/** Everything a command needs. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** What the connection is read from. Call it after the command line is parsed. */
  sources(): ConnectionSources;
  /** Trusts the certificates in this file, if there is one. @throws CliFailure usage */
  trust(caFile: string | undefined): void;
  /**
   * A client for the selected API. Its requests end when the command is interrupted.
   * @throws CliFailure usage
   */
  connect(options?: ConnectOptions): ApiClient;
}
