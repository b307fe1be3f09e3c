import type { Command } from 'commander';
import type { Operation } from '../../contracts/operation.ts';
import type { CommandContext } from '../command-context.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { followAll, operationLine } from '../operations/follow-all.ts';
import { retryWithin } from '../operations/follow.ts';
import { problemType } from '../problem-type.ts';
import { operationKind } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';
import { timeoutOption } from './timeout-option.ts';
import { describeByRoute } from './verb-options.ts';

interface CancelOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly output: OutputFormat;
}

const examples = `
Examples:
  tenure operations cancel ID              request it; the operation undoes its finished steps
  tenure operations cancel ID --wait       wait until they are undone

Exits with 4 if the operation ended in another state, or can no longer be cancelled.`;

export function addCancelOperation(operations: Command, context: CommandContext): void {
  describeByRoute(operations.command('cancel'), 'cancelOperation')
    .argument('<id>', 'operation')
    .option('--wait', 'wait until the operation is undone')
    .addOption(timeoutOption('120s'))
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((reference: string, options: Omit<CancelOptions, 'output'>) => {
      const stray = ['tenant', 'state', 'limit'].find((name) => operations.getOptionValueSource(name) === 'cli');
      if (stray !== undefined) throw usageFailure(`--${stray} applies only to the list of operations`, 'remove it');
      // Commander assigns options that `operations` also has to `operations`, wherever they are in the command line.
      const { output } = operations.opts<Pick<CancelOptions, 'output'>>();
      return cancel(parseReference(['operation', reference]).name, { ...options, output }, context);
    });
}

async function cancel(
  id: string,
  { wait, timeout, output }: CancelOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const tell = (line: string): void => void (output === 'table' ? terminal.stdout : terminal.stderr).write(`${line}\n`);
  const { body: asked } = await connect().call('cancelOperation', { params: { id } });
  tell(`${operationLine(asked)}${asked.done ? '' : ', cancel requested'}`);
  let operation: Operation = asked;
  if (wait === true && !asked.done) {
    await followAll(
      connect(retryWithin(timeout)),
      [{ operation: asked, about: undefined }],
      timeout,
      terminal,
      (ended) => (operation = ended),
    );
    tell(operationLine(operation));
  }
  if (output !== 'table') printResources(terminal, output, operationKind, [{ name: id, body: operation }], true);
  if (operation.done && operation.state !== 'cancelled') {
    const fix = problemType(operation.error?.code ?? 'operation_finished').fix ?? '';
    throw new CliFailure(
      'conflict',
      `error: operation/${id} (${operation.kind}) ${operation.state}; it was not cancelled\nfix: ${fix}`,
    );
  }
}
