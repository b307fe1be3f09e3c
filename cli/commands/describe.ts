import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { describeEntry } from '../resources/describe-entry.ts';
import { describeEvent } from '../resources/describe-event.ts';
import { describeOperation } from '../resources/describe-operation.ts';
import { describeRollout } from '../resources/rollouts.ts';
import { describePlan, describeRegion, describeTombstone, describeTemplate } from '../resources/describe-catalog.ts';
import { describeWebhook } from '../resources/describe-webhook.ts';
import { describeTenant } from '../resources/describe-tenant.ts';
import type { ResourceKind } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';
import type { Paint } from '../text/paint.ts';

const examples = `
Examples:
  tenure describe tenant acme              spec, configuration, placement, conditions, operations
  tenure describe operation/ID             steps and what each did, and the error with its fix
  tenure describe plan startup             its limits
  tenure describe template startup         configuration, services, tenants by version, roll-outs
  tenure describe roll-out/ID              its progress and failures
  tenure describe region eu-west-1         jurisdiction and cells
  tenure describe webhook billing          how its deliveries are doing, and the latest attempts
  tenure describe event ID                 what happened, and the states before and after
  tenure describe entry ID                 one entry of the ledger
  tenure describe tombstone UID            the record of a purged tenant
  tenure describe tenant acme -o json      the same as get -o json`;

const describers: Readonly<
  Record<ResourceKind['singular'], (api: ApiClient, name: string, paint: Paint) => Promise<string>>
> = {
  tenant: describeTenant,
  operation: describeOperation,
  event: describeEvent,
  entry: async (api, id) => describeEntry((await api.call('getAuditEntry', { params: { id } })).body),
  template: describeTemplate,
  'roll-out': describeRollout,
  plan: describePlan,
  region: describeRegion,
  webhook: describeWebhook,
  tombstone: describeTombstone,
};

export function addDescribe(program: Command, context: CommandContext): void {
  program
    .command('describe')
    .summary('show one resource in detail')
    .description('Show one resource in detail.')
    .argument(
      '<kind[/name]>',
      `${Object.keys(describers).slice(0, -1).join(', ')} or ${Object.keys(describers).at(-1)}`,
    )
    .argument('[name]', 'its name')
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((first: string, name: string | undefined, options: { readonly output: OutputFormat }) =>
      describe(name === undefined ? [first] : [first, name], options.output, context),
    );
}

async function describe(
  reference: readonly string[],
  output: OutputFormat,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const { kind, name } = parseReference(reference);
  const api = connect();
  if (output === 'table') terminal.stdout.write(await describers[kind.singular](api, name, terminal.paintOut));
  else printResources(terminal, output, kind, [await kind.get(api, name)], true);
}
