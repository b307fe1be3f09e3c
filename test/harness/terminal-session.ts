import { spawn } from 'node:child_process';
import { until } from './until.ts';

/** A program in a terminal of its own, where a test types. */
export interface TerminalSession {
  /** Everything that the terminal has shown, including typed text and escape sequences. */
  readonly shown: () => string;
  type(text: string): void;
  /** Resolves with the exit code when the program has ended. */
  readonly ended: Promise<number>;
  /** Closes the terminal and ends everything that runs in it. */
  close(): void;
}

export interface TerminalSetting {
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly columns: number;
}

export const ctrlC = '\u0003';
export const tab = '\t';

/**
 * Runs a command line as a person at a terminal does: `script` of util-linux or BSD creates the pseudo-terminal, and
 * passes on the typed text and the exit code.
 */
export function openTerminal(commandLine: string, { cwd, environment, columns }: TerminalSetting): TerminalSession {
  const line = `stty cols ${columns} rows 24; ${commandLine}`;
  const scriptArguments =
    process.platform === 'darwin'
      ? ['-q', '/dev/null', 'sh', '-c', line]
      : ['--quiet', '--return', '--flush', '--command', line, '/dev/null'];
  const child = spawn('script', scriptArguments, {
    cwd,
    env: { TERM: 'dumb', ...environment, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let shown = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
  // A closed terminal accepts no more keys; `ended` reports that it is closed.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`a terminal needs the program "script" of util-linux: ${error.message}`)),
    );
    child.once('close', (code) => resolve(code ?? 1));
  });
  return {
    shown: () => shown,
    type: (text) => void child.stdin.write(text),
    ended,
    close: () => void child.kill('SIGHUP'),
  };
}

/** Waits until the terminal shows this. */
export async function untilShown(session: Pick<TerminalSession, 'shown'>, text: string | RegExp): Promise<void> {
  const isShown = (): boolean =>
    typeof text === 'string' ? session.shown().includes(text) : text.test(session.shown());
  await until(() => `the terminal shows ${text}; it shows ${JSON.stringify(session.shown())}`, isShown, 30_000);
}
