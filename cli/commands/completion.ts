import { Argument } from 'commander';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { complete } from '../completion/complete.ts';
import { shellScripts, shells } from '../completion/shell-scripts.ts';
import type { Shell } from '../completion/shell-scripts.ts';
import { printableLine } from '../text/printable.ts';

const examples = `
Examples:
  source <(tenure completion bash)         for this shell; add it to ~/.bashrc for every shell
  source <(tenure completion zsh)          add it to ~/.zshrc, after compinit
  tenure completion fish | source          or write it to ~/.config/fish/completions/tenure.fish

Completes commands, options, their values, and names from the API. While the API cannot be reached, names are not completed.`;

/** The command that the scripts call. */
export const completionCommand = '__complete';

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .summary('print the completion script for a shell')
    .description('Print the script with which a shell completes commands, options, kinds and names.')
    .addArgument(new Argument('<shell>', 'the shell').choices([...shells]))
    .addHelpText('after', examples)
    .action((shell: Shell) => void context.terminal.stdout.write(shellScripts[shell]));

  // The last word is the one at the cursor.
  program
    .command(completionCommand, { hidden: true })
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { candidates, files, nospace } = await complete(program, words.length === 0 ? [''] : words, {
        connection: (flags) => ({ ...context.sources(), flags }),
        connect: (flags, signal) => context.connect({ retryForMs: 0, flags, signal }),
      });
      const lines = candidates.map(
        ({ value, description }) => `${printableLine(value)}\t${printableLine(description)}\n`,
      );
      context.terminal.stdout.write(`${lines.join('')}:${files ? 'files' : nospace ? 'nospace' : ''}\n`);
    });
}
