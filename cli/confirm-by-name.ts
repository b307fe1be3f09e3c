import { createInterface } from 'node:readline/promises';
import type { Terminal } from './command-context.ts';
import { usageFailure } from './failure.ts';
import { printable } from './text/printable.ts';

export interface Confirmation {
  readonly verb: string;
  /** Of the tenant. */
  readonly name: string;
  /** `--confirm`. */
  readonly given: string | undefined;
  /** Says what the verb is going to do, before anybody agrees to it. */
  readonly explain: () => Promise<string>;
}

/**
 * Makes sure that exactly this tenant is meant: by `--confirm=NAME`, or by its name typed at a terminal.
 * @throws CliFailure usage, when it is not confirmed
 */
export async function confirmByName({ verb, name, given, explain }: Confirmation, terminal: Terminal): Promise<void> {
  const { stdin, stderr } = terminal;
  if (given !== undefined && given !== name)
    throw usageFailure(
      `--confirm=${given} does not name tenant/${name}; nothing was done`,
      `write --confirm=${name}, if that is the one you mean`,
    );
  const canAsk = stdin.isTTY === true && stderr.isTTY === true;
  if (given === undefined && !canAsk)
    throw usageFailure(
      `${verb} of tenant/${name} is not confirmed; nothing was done`,
      `repeat it with --confirm=${name}`,
    );
  stderr.write(printable(await explain()));
  if (given !== undefined) return;
  stderr.write(`Type the name of the tenant to ${verb} it: `);
  const typed = await readLine(terminal);
  if (typed !== name)
    throw usageFailure(
      `what was typed is not "${name}"; nothing was done`,
      'repeat it, if this tenant is the one you mean',
    );
}

/** The next line that is typed; empty at the end of the input. */
async function readLine({ stdin, stderr, interrupted }: Terminal): Promise<string> {
  const lines = createInterface({ input: stdin, signal: interrupted });
  try {
    for await (const line of lines) {
      interrupted.throwIfAborted();
      return line.trim();
    }
    // Ctrl-C or Ctrl-D: the cursor is still behind the question.
    stderr.write('\n');
    interrupted.throwIfAborted();
    return '';
  } finally {
    lines.close();
  }
}
