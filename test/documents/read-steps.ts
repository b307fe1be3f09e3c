import type { Block } from './read-blocks.ts';

/** A command as a document shows it, with its output and its exit code. */
export interface ShownCommand {
  readonly command: string;
  /** Empty if the document does not show what it prints. */
  readonly output: readonly string[];
  /** The exit code; `failure` if the document shows an error and no code. */
  readonly exit: number | 'failure';
}

/** What to do with a block of a document. */
export type Step = { readonly line: number } & (
  | { readonly does: 'write'; readonly file: string; readonly text: string }
  | { readonly does: 'run'; readonly commands: readonly ShownCommand[]; readonly numbersVary: boolean }
  | { readonly does: 'start'; readonly command: string; readonly output: readonly string[] }
  | { readonly does: 'find'; readonly file: string; readonly text: string }
  | { readonly does: 'skip'; readonly reason: string }
);

/** Languages of blocks that are only to be read: diagrams and excerpts. */
const nothingToDo: ReadonlySet<string> = new Set(['mermaid', 'text']);

/**
 * What to do with the blocks of a document, in order. Comments right before a block say what the block itself does not
 * show: `not run: why`, `keeps running` (one command; the last line shown says that it is ready), `shown from: file`,
 * `numbers vary`.
 * @throws Error for a block if nothing says what to do with it
 */
export function readSteps(blocks: readonly Block[]): Step[] {
  return blocks
    .filter(({ language, notes }) => notes.length > 0 || !nothingToDo.has(language))
    .map((block) => ({ line: block.line, ...stepOf(block) }));
}

type StepWithoutLine = Step extends infer Each ? (Each extends Step ? Omit<Each, 'line'> : never) : never;

function stepOf({ language, text, line, lead, notes }: Block): StepWithoutLine {
  const noteOf = (name: string): string | undefined =>
    notes
      .find((note) => note.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const reason = noteOf('not run');
  if (reason !== undefined) return { does: 'skip', reason };
  const source = noteOf('shown from');
  if (source !== undefined) return { does: 'find', file: source, text };
  const file = /Save this as `([^`]+)`/.exec(lead)?.[1];
  if (file !== undefined) return { does: 'write', file, text: `${text}\n` };
  if (language === 'sh')
    return {
      does: 'run',
      commands: text
        .split('\n')
        .filter((each) => each.trim() !== '')
        .map((command) => ({ command, output: [], exit: 0 })),
      numbersVary: false,
    };
  if (language !== 'console')
    throw new Error(
      `line ${line}: nothing says what to do with this block; write "Save this as \`file\`", <!-- shown from: file --> or <!-- not run: why --> before it`,
    );
  if (notes.includes('keeps running')) {
    const [command = '', ...output] = text.split('\n');
    return { does: 'start', command: command.replace('$ ', ''), output };
  }
  return { does: 'run', commands: readSession(text, lead), numbersVary: notes.includes('numbers vary') };
}

/** The commands after each `$`. An exit code in the paragraph before the block is that of the last command. */
function readSession(text: string, lead: string): ShownCommand[] {
  const parts = text.split(/^\$ /m).slice(1);
  const told = [...lead.matchAll(/exit code (\d+)/g)].map(([, code]) => Number(code));
  return parts.map((part, index) => {
    const [command = '', ...lines] = part.trimEnd().split('\n');
    const shownExit = lines.some((line) => line.startsWith('error:')) ? 'failure' : 0;
    return { command, output: lines, exit: index === parts.length - 1 && told.length === 1 ? told[0]! : shownExit };
  });
}
