import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { renderConfigReport, renderPlacementExplanation } from '../resources/tenant-reports.ts';
import { fieldReport, renderField } from '../resources/explain-field.ts';
import { findField } from '../resources/field-schemas.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { tenantName } from '../resources/references.ts';
import type { Paint } from '../text/paint.ts';

type ExplainFormat = Exclude<OutputFormat, 'name'>;

const examples = `
Examples:
  tenure explain tenant                    the fields of a tenant
  tenure explain tenant.spec.residency     one field: its type, allowed values and fields
  tenure explain plan.spec -o json
  tenure explain placement acme            regions and cells, with the rule that excluded each
  tenure explain config acme               each value in effect, and its origin: template or tenant
  tenure explain config acme -o json`;

/** What can be explained: how to read it from the API, and how to render it. */
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
    .summary('describe a field, or explain the placement or configuration of a tenant')
    .description(
      'Describe a kind or one of its fields. Or show which regions and cells a tenant could be placed in now, or where each value of its configuration comes from.',
    )
    .argument('<what>', 'KIND, KIND.field.field, placement or config')
    .argument('[name]', 'tenant, for placement and config')
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
    if (reference === undefined) throw usageFailure(`no tenant is given for ${what}`, `write: explain ${what} NAME`);
    stdout.write(await subjects[what](connect(), tenantName(reference), output, paintOut));
    return;
  }
  const field = findField(what);
  if (reference !== undefined)
    throw usageFailure(
      `explain ${what} takes no name: it describes the fields, not one resource`,
      `remove "${reference}", or run: describe ${what.split('.')[0]} ${reference}`,
    );
  stdout.write(output === 'table' ? renderField(field, paintOut) : renderObject(output, fieldReport(field)));
}
