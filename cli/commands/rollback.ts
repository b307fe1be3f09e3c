import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { operationFailure } from '../failure-report.ts';
import { followAll, operationLine, retryWithin } from '../operations/follow.ts';
import { tenantKind } from '../resources/kinds.ts';
import { lineWriter, outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseTenantReference } from '../resources/references.ts';
import { timeoutOption, parseWholeNumber } from './option-values.ts';

interface RollbackOptions {
  readonly to: number;
  readonly wait?: true;
  readonly timeout: number;
  readonly output: OutputFormat;
}

const examples = `
Examples:
  tenure rollback tenant acme --to 3       return to what generation 3 declared
  tenure rollback tenant/acme --to 3 --wait

A rollback creates a new generation; the history stays complete. Lifecycle and placement stay as they are.
To see first what would change: tenure diff tenant acme --from 7 --to 3, where 7 is the current generation.`;

export function addRollback(program: Command, context: CommandContext): void {
  program
    .command('rollback')
    .summary('return a tenant to an earlier generation')
    .description('Return a tenant to the labels, annotations and spec of an earlier generation.')
    .argument('<kind[/name]>', 'tenant')
    .argument('[name]', 'its name')
    .requiredOption('--to <generation>', 'the generation to return to', parseWholeNumber)
    .option('--wait', 'wait until the started operation, if any, is done')
    .addOption(timeoutOption('120s'))
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((first: string, name: string | undefined, options: RollbackOptions) =>
      rollback(name === undefined ? [first] : [first, name], options, context),
    );
}

async function rollback(
  reference: readonly string[],
  { to, wait, timeout, output }: RollbackOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const name = parseTenantReference(reference);
  const writeLine = lineWriter(terminal, output);
  const client = connect();
  const before = await client.call('getTenant', { params: { name } });
  const { body } = await client.call('rollbackTenant', {
    params: { name },
    body: { generation: to },
    ifMatch: before.etag ?? '*',
  });
  const { metadata } = body.tenant;
  writeLine(
    metadata.revision === before.body.metadata.revision
      ? `tenant/${name} unchanged`
      : `tenant/${name} rolled back to generation ${to}, as generation ${metadata.generation}`,
  );
  const api = connect(retryWithin(timeout));
  if (body.operation !== undefined) {
    for (const operation of [body.operation, ...(body.following ?? [])]) writeLine(operationLine(operation));
    if (wait === true) {
      await followAll(api, [{ operation: body.operation, about: undefined }], timeout, terminal, (operation) => {
        if (operation.state !== 'succeeded') throw operationFailure(operation, terminal.program);
        writeLine(operationLine(operation));
      });
    }
  }
  if (output !== 'table') printResources(terminal, output, tenantKind, [await tenantKind.get(api, name)], true);
}
