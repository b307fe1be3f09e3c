import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { routes } from '../../contracts/routes.ts';
import type { CommandContext } from '../command-context.ts';
import { confirmByName } from '../confirm-by-name.ts';
import { runVerb } from '../operations/run-verb.ts';
import type { VerbAnswer } from '../operations/run-verb.ts';
import { explainDelete, explainPurge } from '../resources/explain-destruction.ts';
import { parseTenantReference, tenantName } from '../resources/references.ts';
import { deleteSettled, settledReference } from './delete-settled.ts';
import { addVerbOptions, describeByRoute, runOptions, verbRequest } from './verb-options.ts';
import type { VerbOptions, VerbRequest } from './verb-options.ts';

interface DestructiveOptions extends VerbOptions {
  readonly confirm?: string;
}

const confirmFlag = ['--confirm <name>', 'the tenant’s name once more, where nobody can be asked'] as const;
const confirmHelp = `At a terminal the name is asked for; elsewhere --confirm is needed. Nothing is done before that.
Only the tenant that is shown is meant: if it changes before it is asked for, the command ends with 4.`;

const deleteExamples = `
Examples:
  tenure delete acme                       asks for the name, then deletes
  tenure delete acme --confirm=acme        without being asked, as in a script
  tenure delete acme --wait                wait until it is done
  tenure delete acme --dry-run=server      have it checked; nothing is asked for, and nothing is changed
  tenure delete plan/trial                 a plan that nothing uses; the same with region/ and template/

${confirmHelp}
Until its purge, tenure undelete brings the tenant back. For a plan, region or template nobody is asked: it is refused, with who
uses it, while anything does, and its manifest brings it back.`;

const purgeExamples = `
Examples:
  tenure purge acme                        when its time has come
  tenure purge acme --early                before its time
  tenure purge acme --confirm=acme --wait  without being asked, as in a script

${confirmHelp}
What is left is a tombstone: tenure get tombstones.`;

interface DestructiveVerb {
  readonly verb: 'delete' | 'purge';
  readonly explain: (tenant: Tenant) => string;
  readonly ask: (api: ApiClient, name: string, request: VerbRequest) => Promise<VerbAnswer>;
}

export function addDestructiveVerbs(program: Command, context: CommandContext): void {
  const remove = describeByRoute(program.command('delete'), 'deleteTenant')
    .summary('delete a tenant, or a plan, region or template that nothing uses')
    .description(`${routes.deleteTenant.summary} Or remove a plan, a region or a template that nothing uses.`)
    .argument('<name>', 'tenant; or plan/NAME, region/NAME, template/NAME')
    .argument('[other]', 'the name, after a kind')
    .option(...confirmFlag);
  addVerbOptions(remove)
    .addHelpText('after', deleteExamples)
    .action((first: string, second: string | undefined, options: DestructiveOptions) => {
      const settled = settledReference(first, second);
      if (settled !== undefined) return deleteSettled(settled, options, context);
      const ask: DestructiveVerb['ask'] = async (api, name, request) =>
        (await api.call('deleteTenant', { params: { name }, ...request })).body;
      return destroy(
        { verb: 'delete', explain: (tenant) => explainDelete(tenant, context.terminal.program), ask },
        second === undefined ? tenantName(first) : parseTenantReference([first, second]),
        options,
        context,
      );
    });

  const purge = describeByRoute(program.command('purge'), 'purgeTenant')
    .argument('<name>', 'tenant')
    .option('--early', 'before its time, while it could still be brought back')
    .option(...confirmFlag);
  addVerbOptions(purge)
    .addHelpText('after', purgeExamples)
    .action((reference: string, options: DestructiveOptions & { readonly early?: true }) => {
      const early = options.early === true;
      const ask: DestructiveVerb['ask'] = async (api, name, request) =>
        (await api.call('purgeTenant', { params: { name }, body: { early }, ...request })).body;
      return destroy(
        { verb: 'purge', explain: (tenant) => explainPurge(tenant, early), ask },
        tenantName(reference),
        options,
        context,
      );
    });
}

async function destroy(
  { verb, explain, ask }: DestructiveVerb,
  name: string,
  options: DestructiveOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal, connect } = context;
  // Another tenant may have been given the name by the time that somebody has typed it.
  let shown: Pick<VerbOptions, 'revision'> = {};
  const explainCurrent = async (): Promise<string> => {
    const { body: tenant } = await connect().call('getTenant', { params: { name } });
    shown = { revision: tenant.metadata.revision };
    return explain(tenant);
  };
  if (options.dryRun === undefined)
    await confirmByName({ verb, name, given: options.confirm, explain: explainCurrent }, terminal);
  const request = verbRequest({ ...shown, ...options });
  await runVerb({ names: [name], ask: (api) => ask(api, name, request), ...runOptions(options) }, context);
}
