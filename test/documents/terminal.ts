import { ctrlC, openTerminal as openRawTerminal } from '../harness/terminal-session.ts';
import { until } from '../harness/until.ts';

/** A command that runs in a terminal of its own. */
export interface TerminalSession {
  /** The text on the terminal, without lines that were overwritten. */
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

/** Starts a command line as a person would. */
export function openTerminal(
  commandLine: string,
  { cwd, environment }: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv },
): TerminalSession {
  const { shown, type, ended } = openRawTerminal(commandLine, {
    cwd,
    environment: { ...environment, TERM: 'dumb', NO_COLOR: '1' },
    columns,
  });
  const screen = (): string =>
    shown()
      .replaceAll('\r\n', '\n')
      .split('\n')
      .map((each) => each.split('\r').at(-1)?.replace(eraseLine, ''))
      .join('\n');
  return { screen, ended, type, interrupt: () => type(ctrlC) };
}

/** Runs a command until it ends. Answers each question with the text after that question in the document. */
export async function runInTerminal(
  commandLine: string,
  shown: readonly string[],
  options: { readonly cwd: string; readonly environment: NodeJS.ProcessEnv; readonly timeoutMs: number },
): Promise<{ readonly code: number; readonly lines: string[] }> {
  const session = openTerminal(commandLine, options);
  let isOver = false;
  const over = session.ended.finally(() => (isOver = true));
  const limit = setTimeout(() => session.interrupt(), options.timeoutMs);
  try {
    for (const line of shown) {
      const [, question, answer] = /^(Type .*: )(\S+)$/.exec(line) ?? [];
      if (question === undefined) continue;
      await until(
        `"${commandLine}" asks "${question}"`,
        () => isOver || session.screen().includes(question),
        questionTimeoutMs,
      );
      session.type(`${answer}\n`);
    }
    const code = await over;
    return { code, lines: session.screen().split('\n') };
  } finally {
    clearTimeout(limit);
  }
}
