import { spawn } from 'node:child_process';
import { until } from '../harness/until.ts';

/** A command that runs in a terminal of its own. */
export interface TerminalSession {
  /** What stands on the terminal: lines that were written over are gone. */
  readonly screen: () => string;
  type(text: string): void;
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  /** Presses Ctrl-C. */
  interrupt(): void;
}

const columns = 250;
const eraseLine = '\u001B[2K';
const questionTimeoutMs = 30_000;

/** Starts a command line as a person would, with `script` from util-linux or BSD as the terminal. */
export function openTerminal(commandLine: string, { cwd, environment }: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv }): TerminalSession {
  const line = `stty cols ${columns}; ${commandLine}`;
  const scriptArguments = process.platform === 'darwin' ? ['-q', '/dev/null', 'sh', '-c', line] : ['--quiet', '--return', '--flush', '--command', line, '/dev/null'];
  const child = spawn('script', scriptArguments, { cwd, env: { ...environment, TERM: 'dumb', NO_COLOR: '1', SHELL: '/bin/sh' }, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  // A terminal that has gone takes no more keys; that is seen by its end.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`a terminal needs the program "script" of util-linux: ${error.message}`)));
    child.once('close', (code) => resolve(code ?? 1));
  });
  const screen = (): string =>
    output
      .replaceAll('\r\n', '\n')
      .split('\n')
      .map((each) => each.split('\r').at(-1)?.replace(eraseLine, ''))
      .join('\n');
  return { screen, ended, type: (text) => void child.stdin.write(text), interrupt: () => void child.stdin.write('\u0003') };
}

/** Runs a command to its end, and answers each question with what stands behind it in what the document shows. */
export async function runInTerminal(commandLine: string, shown: readonly string[], options: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv; readonly timeoutMs: number }): Promise<{ readonly code: number; readonly lines: string[] }> {
  const session = openTerminal(commandLine, options);
  let isOver = false;
  const over = session.ended.finally(() => (isOver = true));
  const limit = setTimeout(() => session.interrupt(), options.timeoutMs);
  try {
    for (const line of shown) {
      const [, question, answer] = /^(Type .*: )(\S+)$/.exec(line) ?? [];
      if (question === undefined) continue;
      await until(`"${commandLine}" asks "${question}"`, () => isOver || session.screen().includes(question), questionTimeoutMs);
      session.type(`${answer}\n`);
    }
    const code = await over;
    return { code, lines: session.screen().split('\n') };
  } finally {
    clearTimeout(limit);
  }
}
