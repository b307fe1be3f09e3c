import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { renderConfigReport } from '../resources/config-report.ts';
import { fieldReport, renderField } from '../resources/explain-field.ts';
import { findField } from '../resources/field-schemas.ts';
import { renderPlacementExplanation } from '../resources/placement-explanation.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { tenantName } from '../resources/references.ts';
import type { Paint } from '../text/paint.ts';

type ExplainFormat = Exclude<OutputFormat, 'name'>;

const examples = `
Examples:
  tenure explain tenant                    what a tenant is declared by
  tenure explain tenant.spec.residency     one field: its type, what it takes, what stands below it
  tenure explain plan.spec -o json
  tenure explain placement acme            regions and cells, each with the rule that removed it
  tenure explain config acme               each value in effect, and whether template or tenant says so
  tenure explain config acme -o json`;

/** What can be explained: what the API says of it, and how it is shown to people. */
const subjects = {
  placement: explanation(
    async (api, name) => (await api.call('explainPlacementOfTenant', { params: { name } })).body,
    renderPlacementExplanation,
  ),
  config: explanation(
    async (api, name) => (await api.call('configOfTenant', { params: { name } })).body,
    renderConfigReport,
  ),
} as const;

function explanation<Body>(
  read: (api: ApiClient, name: string) => Promise<Body>,
  render: (body: Body, paint: Paint) => string,
) {
  return async (api: ApiClient, name: string, output: ExplainFormat, paint: Paint): Promise<string> => {
    const body = await read(api, name);
    return output === 'table' ? render(body, paint) : renderObject(output, body);
  };
}

export function addExplain(program: Command, context: CommandContext): void {
  program
    .command('explain')
    .summary('say what a field is, or why a tenant is placed or configured as it is')
    .description(
      'Say what a kind or one of its fields is; or which regions and cells could take a tenant now, or where each value of its configuration comes from.',
    )
    .argument('<what>', 'KIND, KIND.field.field, placement or config')
    .argument('[name]', 'tenant, of placement and config')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((what: string, reference: string | undefined, options: { readonly output: ExplainFormat }) =>
      explain(what, reference, options.output, context),
    );
}

function isSubject(what: string): what is keyof typeof subjects {
  return Object.hasOwn(subjects, what);
}

async function explain(
  what: string,
  reference: string | undefined,
  output: ExplainFormat,
  { terminal: { stdout, paintOut }, connect }: CommandContext,
): Promise<void> {
  if (isSubject(what)) {
    if (reference === undefined)
      throw usageFailure(`the ${what} of no tenant is asked for`, `write: explain ${what} NAME`);
    stdout.write(await subjects[what](connect(), tenantName(reference), output, paintOut));
    return;
  }
  const field = findField(what);
  if (reference !== undefined)
    throw usageFailure(
      `explain ${what} takes no name: it explains what is declared, not what stands`,
      `leave "${reference}" out, or see: describe ${what.split('.')[0]} ${reference}`,
    );
  stdout.write(output === 'table' ? renderField(field, paintOut) : renderObject(output, fieldReport(field)));
}
