import { spawn } from 'node:child_process';
import { until } from './until.ts';

/** A program in a terminal of its own, at which a test types. */
export interface TerminalSession {
  /** All that the terminal has shown, with what was typed and its escape sequences. */
  readonly shown: () => string;
  type(text: string): void;
  /** Resolves with the exit code, when the program has ended. */
  readonly ended: Promise<number | null>;
  /** Takes the terminal away, and with it whatever runs there. */
  close(): void;
}

export interface TerminalSetting {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly columns?: number;
}

export const ctrlC = '\u0003';
export const tab = '\t';

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Runs a program as somebody at a terminal does: `script` of util-linux makes the pseudo-terminal, and passes on what is typed and how it ended. */
export function openTerminal(command: readonly string[], { cwd, environment = {}, columns = 80 }: TerminalSetting): TerminalSession {
  const { PATH = '', HOME = '' } = process.env;
  const line = `stty cols ${columns} rows 24; exec ${command.map(quoted).join(' ')}`;
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], { cwd, env: { PATH, HOME, TERM: 'xterm', SHELL: '/bin/sh', ...environment }, stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  return {
    shown: () => shown,
    type: (text) => void child.stdin.write(text),
    ended: new Promise((resolve, reject) => void child.once('error', reject).once('close', (code) => resolve(code))),
    close: () => void child.kill('SIGHUP'),
  };
}

/** Waits until the terminal shows this. */
export async function untilShown(session: TerminalSession, text: string | RegExp): Promise<void> {
  const isShown = (): boolean => (typeof text === 'string' ? session.shown().includes(text) : text.test(session.shown()));
  await until(() => `the terminal shows ${text}; it shows ${JSON.stringify(session.shown())}`, isShown, 30_000);
}
