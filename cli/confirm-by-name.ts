import { createInterface } from 'node:readline/promises';
import type { Terminal } from './command-context.ts';
import { usageFailure } from './failure.ts';
import { printable } from './text/printable.ts';

export interface Confirmation {
  readonly verb: string;
  /** The name of the tenant. */
  readonly name: string;
  /** The value of `--confirm`. */
  readonly given: string | undefined;
  /** What the verb will do, shown before the confirmation. */
  readonly explain: () => Promise<string>;
}

/**
 * Makes the user confirm exactly this tenant: with `--confirm=NAME`, or by typing its name at a terminal.
 * @throws CliFailure usage, if it is not confirmed
 */
export async function confirmByName({ verb, name, given, explain }: Confirmation, terminal: Terminal): Promise<void> {
  const { stdin, stderr } = terminal;
  if (given !== undefined && given !== name)
    throw usageFailure(
      `--confirm=${given} does not name tenant/${name}; nothing was done`,
      `use --confirm=${name} if this is the tenant you mean`,
    );
  const canAsk = stdin.isTTY === true && stderr.isTTY === true;
  if (given === undefined && !canAsk)
    throw usageFailure(
      `${verb} of tenant/${name} is not confirmed; nothing was done`,
      `run it again with --confirm=${name}`,
    );
  stderr.write(printable(await explain()));
  if (given !== undefined) return;
  stderr.write(`Type the name of the tenant to ${verb} it: `);
  const typed = await readLine(terminal);
  if (typed !== name)
    throw usageFailure(
      `the typed name is not "${name}"; nothing was done`,
      'run it again if this is the tenant you mean',
    );
}

/** The next line of input; empty at the end of the input. */
async function readLine({ stdin, stderr, interrupted }: Terminal): Promise<string> {
  const lines = createInterface({ input: stdin, signal: interrupted });
  try {
    for await (const line of lines) {
      interrupted.throwIfAborted();
      return line.trim();
    }
    // Ctrl-C or Ctrl-D: the cursor is still on the line of the question.
    stderr.write('\n');
    interrupted.throwIfAborted();
    return '';
  } finally {
    lines.close();
  }
}
