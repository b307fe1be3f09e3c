import { Argument } from 'commander';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { complete } from '../completion/complete.ts';
import { shellScripts, shells } from '../completion/shell-scripts.ts';
import type { Shell } from '../completion/shell-scripts.ts';
import { printableLine } from '../text/printable.ts';

const examples = `
Examples:
  source <(tenure completion bash)         for this shell; in ~/.bashrc for every one
  source <(tenure completion zsh)          in ~/.zshrc, after compinit
  tenure completion fish | source          or into ~/.config/fish/completions/tenure.fish

Commands, options and their values are completed, and names as the API has them; while it is away, without those.`;

/** What the scripts ask. */
export const completionCommand = '__complete';

export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .summary('print the completion for a shell')
    .description('Print the script that makes a shell complete commands, options, kinds and names.')
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
