import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { operationLine } from '../operations/follow-all.ts';
import { operationKind } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';
import { describeByRoute } from './verb-options.ts';

const examples = `
Examples:
  tenure operations abandon ID --confirm ID
                       the cell is lost: give up what the operation left on it

Cancel the operation first, unless it is a purge. The command prints what may be left on the cell. The operation keeps that list:
tenure describe operation ID.`;

export function addAbandonOperation(operations: Command, context: CommandContext): void {
  describeByRoute(operations.command('abandon'), 'abandonOperation')
    .argument('<id>', 'operation')
    .option('--confirm <id>', 'the same id again: nothing removes what the operation leaves on its cell')
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((reference: string, { confirm }: { readonly confirm?: string }) => {
      const id = parseReference(['operation', reference]).name;
      if (confirm === undefined)
        throw usageFailure(
          `abandon of operation/${id} is not confirmed; nothing was done`,
          `run it again with --confirm=${id}`,
        );
      if (parseReference(['operation', confirm]).name !== id)
        throw usageFailure(
          `--confirm=${confirm} does not name operation/${id}; nothing was done`,
          `use --confirm=${id} if this is the operation you mean`,
        );
      // Commander assigns options that `operations` also has to `operations`, wherever they are in the command line.
      const { output } = operations.opts<{ readonly output: OutputFormat }>();
      return abandon(id, output, context);
    });
}

async function abandon(id: string, output: OutputFormat, { terminal, connect }: CommandContext): Promise<void> {
  const { body: operation } = await connect().call('abandonOperation', { params: { id } });
  const { cell, left } = operation.abandonment ?? { cell: '', left: [] };
  const tell = (line: string): void => void (output === 'table' ? terminal.stdout : terminal.stderr).write(`${line}\n`);
  tell(`${operationLine(operation)}, abandoned`);
  tell(`may be left on cell ${cell}:`);
  for (const thing of left) tell(`  ${thing}`);
  if (output !== 'table') printResources(terminal, output, operationKind, [{ name: id, body: operation }], true);
}
