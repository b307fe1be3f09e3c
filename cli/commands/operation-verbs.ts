import type { Command } from 'commander';
import type { Operation } from '../../contracts/operation.ts';
import type { CommandContext } from '../command-context.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { followAll, operationLine, retryWithin } from '../operations/follow.ts';
import { problemType } from '../problem-type.ts';
import { operationKind } from '../resources/kinds.ts';
import { lineWriter, outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';
import { timeoutOption } from './option-values.ts';
import { describeByRoute } from './verb-options.ts';

interface CancelOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly output: OutputFormat;
}

/** Commander assigns options that `operations` also has to `operations`, wherever they are in the command line. */
function outputOf(operations: Command): OutputFormat {
  return operations.opts<{ readonly output: OutputFormat }>().output;
}

const cancelExamples = `
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
    .addHelpText('after', cancelExamples)
    .action((reference: string, options: Omit<CancelOptions, 'output'>) => {
      const stray = ['tenant', 'state', 'limit'].find((name) => operations.getOptionValueSource(name) === 'cli');
      if (stray !== undefined) throw usageFailure(`--${stray} applies only to the list of operations`, 'remove it');
      const output = outputOf(operations);
      return cancel(parseReference(['operation', reference]).name, { ...options, output }, context);
    });
}

async function cancel(
  id: string,
  { wait, timeout, output }: CancelOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const writeLine = lineWriter(terminal, output);
  const { body: requested } = await connect().call('cancelOperation', { params: { id } });
  writeLine(`${operationLine(requested)}${requested.done ? '' : ', cancel requested'}`);
  let operation: Operation = requested;
  if (wait === true && !requested.done) {
    await followAll(
      connect(retryWithin(timeout)),
      [{ operation: requested, about: undefined }],
      timeout,
      terminal,
      (ended) => (operation = ended),
    );
    writeLine(operationLine(operation));
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

const abandonExamples = `
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
    .addHelpText('after', abandonExamples)
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
      return abandon(id, outputOf(operations), context);
    });
}

async function abandon(id: string, output: OutputFormat, { terminal, connect }: CommandContext): Promise<void> {
  const { body: operation } = await connect().call('abandonOperation', { params: { id } });
  const { cell, left } = operation.abandonment ?? { cell: '', left: [] };
  const writeLine = lineWriter(terminal, output);
  writeLine(`${operationLine(operation)}, abandoned`);
  writeLine(`may be left on cell ${cell}:`);
  for (const item of left) writeLine(`  ${item}`);
  if (output !== 'table') printResources(terminal, output, operationKind, [{ name: id, body: operation }], true);
}
