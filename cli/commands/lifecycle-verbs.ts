import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { runVerb } from '../operations/run-verb.ts';
import type { VerbAnswer } from '../operations/run-verb.ts';
import { tenantNames } from '../resources/references.ts';
import { addVerbOptions, describeByRoute, runOptions, verbRequest } from './verb-options.ts';
import type { VerbOptions } from './verb-options.ts';

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
