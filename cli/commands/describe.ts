import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import type { CommandContext } from '../command-context.ts';
import { describeOperation } from '../resources/describe-operation.ts';
import { describeTenant } from '../resources/describe-tenant.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';

const examples = `
Examples:
  tenure describe tenant acme              spec, placement, conditions, operations
  tenure describe operation/ID             steps, with what each did, and the error with its fix
  tenure describe tenant acme -o json      the same as get -o json`;

export function addDescribe(program: Command, context: CommandContext): void {
  program
    .command('describe')
    .summary('explain one tenant or operation')
    .description('Explain one tenant or operation, for people.')
    .argument('<kind[/name]>', 'tenant or operation')
    .argument('[name]', 'its name')
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((first: string, name: string | undefined, options: { readonly output: OutputFormat }) => describe(name === undefined ? [first] : [first, name], options.output, context));
}

async function describe(reference: readonly string[], output: OutputFormat, { terminal, connect }: CommandContext): Promise<void> {
  const { kind, name } = parseReference(reference);
  const describer = kind.singular === 'tenant' ? describeTenant : kind.singular === 'operation' ? describeOperation : undefined;
  if (describer === undefined) throw usageFailure(`describe takes a tenant or an operation, not a ${kind.singular}`, `use: get ${kind.singular}/${name} -o yaml`);
  const api = connect();
  if (output === 'table') terminal.stdout.write(await describer(api, name, terminal.paintOut));
  else printResources(terminal, output, kind, [await kind.get(api, name)], true);
}
