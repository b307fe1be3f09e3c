import { Option } from 'commander';
import type { Command } from 'commander';
import { operationStates } from '../../contracts/operation-states.ts';
import type { OperationState } from '../../contracts/operation-states.ts';
import type { CommandContext } from '../command-context.ts';
import { operationKind } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { addAbandonOperation, addCancelOperation } from './operation-verbs.ts';
import { parseWholeNumber } from './option-values.ts';

interface OperationsOptions {
  readonly tenant?: string;
  readonly state?: OperationState;
  readonly limit: number;
  readonly output: OutputFormat;
}

const defaultLimit = 50;

const examples = `
Examples:
  tenure operations                        the latest ${defaultLimit}, newest first
  tenure operations --tenant acme          operations of one tenant
  tenure operations --state failed         failed operations
  tenure operations --state running -o name
  tenure operations cancel ID --wait       cancel one and wait until it is undone`;

export function addOperations(program: Command, context: CommandContext): void {
  const operations = program
    .command('operations')
    .summary('list operations; cancel or abandon one')
    .description('List operations, newest first; or cancel or abandon one.')
    .option('--tenant <name>', 'only operations of this tenant')
    .addOption(new Option('--state <state>', 'only operations in this state').choices([...operationStates]))
    .option('--limit <count>', 'print at most this many', parseWholeNumber, defaultLimit)
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((options: OperationsOptions) => listOperations(options, context));
  addCancelOperation(operations, context);
  addAbandonOperation(operations, context);
}

async function listOperations(
  { tenant, state, limit, output }: OperationsOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const filter = { ...(tenant === undefined ? {} : { tenant }), ...(state === undefined ? {} : { state }) };
  printResources(terminal, output, operationKind, await operationKind.list(connect(), limit, filter), false);
}
