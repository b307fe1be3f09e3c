import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { runVerb } from '../operations/run-verb.ts';
import type { VerbAnswer } from '../operations/run-verb.ts';
import { tenantNames } from '../resources/references.ts';
import { addVerbOptions, describeByRoute, runOptions, verbRequest } from './verb-options.ts';
import type { VerbOptions } from './verb-options.ts';

/** The verbs that take a tenant along one lifecycle path and need nothing but its name. */
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
    line('acme', 'ask for it; an operation does it'),
    line('acme globex --wait', 'two tenants; wait until it is done'),
    line('acme --preempt', 'have what runs on it undone first'),
    line('acme --revision 7', 'only if nobody has changed it since'),
    line('acme --dry-run=server', 'have it checked; nothing is changed'),
    '',
    'Several tenants are asked for one after the other, whatever becomes of the first; the exit code is the highest',
    'of theirs. A tenant that is there already stays unchanged.',
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
          throw usageFailure('--revision is of one tenant', 'name one, or leave it out');
        const ask = async (api: ApiClient, name: string): Promise<VerbAnswer> =>
          (await api.call(route, { params: { name }, ...verbRequest(options) })).body;
        return runVerb({ names, ask, ...runOptions(options) }, context);
      });
  }
}
