import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { runVerb } from '../operations/run-verb.ts';
import type { VerbAnswer } from '../operations/run-verb.ts';
import { tenantNames, parseTenantReference, tenantName } from '../resources/references.ts';
import { addVerbOptions, describeByRoute, runOptions, verbRequest } from './verb-options.ts';
import type { VerbOptions, VerbRequest } from './verb-options.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { routes } from '../../contracts/routes.ts';
import { confirmByName } from '../confirm-by-name.ts';
import { explainDelete, explainPurge } from '../resources/explain-destruction.ts';
import { deleteCatalogResource, catalogReference } from './delete-catalog-resource.ts';

/** The verbs that run one lifecycle path of a tenant and need only its name. */
const lifecycleVerbs = {
  activate: 'activateTenant',
  suspend: 'suspendTenant',
  resume: 'resumeTenant',
  archive: 'archiveTenant',
  reactivate: 'reactivateTenant',
  undelete: 'undeleteTenant',
  reconcile: 'reconcileTenant',
} as const;
type LifecycleVerb = keyof typeof lifecycleVerbs;

function helpOf(verb: string): string {
  const line = (command: string, does: string): string => `  ${`tenure ${verb} ${command}`.padEnd(41)}${does}`;
  return [
    '',
    'Examples:',
    line('acme', 'start an operation and return'),
    line('acme globex --wait', 'two tenants; wait until both operations are done'),
    line('acme --preempt', 'first cancel and undo the running operation'),
    line('acme --revision 7', 'only if the tenant is still at revision 7'),
    line('acme --dry-run=server', 'only check; change nothing'),
    '',
    'Several tenants are processed in order, even if one fails; the command exits with the highest code. A tenant',
    'that is already in the requested state stays unchanged.',
  ].join('\n');
}

export function addLifecycleVerbs(program: Command, context: CommandContext): void {
  for (const [verb, route] of Object.entries(lifecycleVerbs) as [
    LifecycleVerb,
    (typeof lifecycleVerbs)[LifecycleVerb],
  ][]) {
    const command = describeByRoute(program.command(verb), route).argument('<name...>', 'tenants');
    addVerbOptions(command)
      .addHelpText('after', helpOf(verb))
      .action((references: string[], options: VerbOptions) => {
        const names = tenantNames(references);
        if (options.revision !== undefined && names.length > 1)
          throw usageFailure('--revision applies to one tenant', 'give one tenant, or remove --revision');
        const ask = async (api: ApiClient, name: string): Promise<VerbAnswer> =>
          (await api.call(route, { params: { name }, ...verbRequest(options) })).body;
        return runVerb({ names, ask, ...runOptions(options) }, context);
      });
  }
}

interface DestructiveOptions extends VerbOptions {
  readonly confirm?: string;
}

const confirmFlag = ['--confirm <name>', 'the name of the tenant again; required without a terminal'] as const;
const confirmHelp = `At a terminal the command asks for the name; elsewhere --confirm is required. Nothing is done until then.
The command applies only to the tenant as it was shown: if the tenant changes in the meantime, the command exits with 4.`;

const deleteExamples = `
Examples:
  tenure delete acme                       ask for the name, then delete
  tenure delete acme --confirm=acme        do not ask; for scripts
  tenure delete acme --wait                wait until it is done
  tenure delete acme --dry-run=server      only check; do not ask, change nothing
  tenure delete plan/trial                 an unused plan; likewise region/NAME and template/NAME

${confirmHelp}
Until its purge, tenure undelete restores the tenant. A plan, region or template is deleted without confirmation: applying its
manifest creates it again. While something uses it, the deletion is refused and the error lists what uses it.`;

const purgeExamples = `
Examples:
  tenure purge acme                        after its purge time
  tenure purge acme --early                before its purge time
  tenure purge acme --confirm=acme --wait  do not ask; for scripts

${confirmHelp}
A tombstone remains: tenure get tombstones.`;

interface DestructiveVerb {
  readonly verb: 'delete' | 'purge';
  readonly explain: (tenant: Tenant) => string;
  readonly ask: (api: ApiClient, name: string, request: VerbRequest) => Promise<VerbAnswer>;
}

export function addDestructiveVerbs(program: Command, context: CommandContext): void {
  const remove = describeByRoute(program.command('delete'), 'deleteTenant')
    .summary('delete a tenant, or an unused plan, region or template')
    .description(`${routes.deleteTenant.summary} Or delete a plan, region or template that nothing uses.`)
    .argument('<name>', 'tenant; or plan/NAME, region/NAME or template/NAME')
    .argument('[other]', 'the name, if the first argument is a kind')
    .option(...confirmFlag);
  addVerbOptions(remove)
    .addHelpText('after', deleteExamples)
    .action((first: string, second: string | undefined, options: DestructiveOptions) => {
      const inCatalog = catalogReference(first, second);
      if (inCatalog !== undefined) return deleteCatalogResource(inCatalog, options, context);
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
    .option('--early', 'purge before the purge time, while the tenant could still be restored')
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
  // By the time the user has typed the name, another tenant may have it.
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
