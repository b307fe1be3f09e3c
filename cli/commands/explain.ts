import { Argument } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { renderConfigReport } from '../resources/config-report.ts';
import { renderPlacementExplanation } from '../resources/placement-explanation.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { tenantName } from '../resources/references.ts';
import type { Paint } from '../text/paint.ts';

type ExplainFormat = Exclude<OutputFormat, 'name'>;

const examples = `
Examples:
  tenure explain placement acme            regions and cells, each with the rule that removed it
  tenure explain config acme               each value in effect, and whether template or tenant says so
  tenure explain config acme -o json`;

/** What can be explained: what the API says of it, and how it is shown to people. */
const subjects = {
  placement: explanation(async (api, name) => (await api.call('explainPlacementOfTenant', { params: { name } })).body, renderPlacementExplanation),
  config: explanation(async (api, name) => (await api.call('configOfTenant', { params: { name } })).body, renderConfigReport),
} as const;

function explanation<Body>(read: (api: ApiClient, name: string) => Promise<Body>, render: (body: Body, paint: Paint) => string) {
  return async (api: ApiClient, name: string, output: ExplainFormat, paint: Paint): Promise<string> => {
    const body = await read(api, name);
    return output === 'table' ? render(body, paint) : renderObject(output, body);
  };
}

export function addExplain(program: Command, context: CommandContext): void {
  program
    .command('explain')
    .summary('say why a tenant is placed, or configured, as it is')
    .description('Say which regions and cells could take a tenant now, or where each value of its configuration comes from.')
    .addArgument(new Argument('<what>', 'what to explain').choices(Object.keys(subjects)))
    .argument('<name>', 'tenant')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((what: keyof typeof subjects, reference: string, options: { readonly output: ExplainFormat }) => explain(what, tenantName(reference), options.output, context));
}

async function explain(what: keyof typeof subjects, name: string, output: ExplainFormat, { terminal: { stdout, paintOut }, connect }: CommandContext): Promise<void> {
  stdout.write(await subjects[what](connect(), name, output, paintOut));
}
