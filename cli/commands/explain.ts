import { Argument } from 'commander';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { renderPlacementExplanation } from '../resources/placement-explanation.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { tenantName } from '../resources/references.ts';

const examples = `
Examples:
  tenure explain placement acme            regions and cells, each with the rule that removed it
  tenure explain placement acme -o json`;

export function addExplain(program: Command, context: CommandContext): void {
  program
    .command('explain')
    .summary('say why a tenant is, or would be, placed where')
    .description('Say which regions and cells could take a tenant now, which rule removed each other one, and where it is.')
    .addArgument(new Argument('<what>', 'what to explain').choices(['placement']))
    .argument('<name>', 'tenant')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((_what: string, reference: string, { output }: { readonly output: Exclude<OutputFormat, 'name'> }) => explainPlacement(tenantName(reference), output, context));
}

async function explainPlacement(name: string, output: Exclude<OutputFormat, 'name'>, { terminal: { stdout, paintOut }, connect }: CommandContext): Promise<void> {
  const { body } = await connect().call('explainPlacementOfTenant', { params: { name } });
  stdout.write(output === 'table' ? renderPlacementExplanation(body, paintOut) : renderObject(output, body));
}
