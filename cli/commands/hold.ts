import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { runVerb } from '../operations/run-verb.ts';
import type { VerbAnswer } from '../operations/run-verb.ts';
import { tenantName } from '../resources/references.ts';
import { addChangeOptions, describeByRoute, ifMatchOf } from './verb-options.ts';
import type { ChangeOptions } from './verb-options.ts';

const holdExamples = `
Examples:
  tenure hold acme --reason 'case 4711'
  tenure release-hold acme                 release the hold`;

const releaseExamples = `
Examples:
  tenure release-hold acme
  tenure release-hold acme --revision 7    only if the tenant is still at revision 7`;

/** The legal hold. It takes effect at once, without an operation. */
export function addHold(program: Command, context: CommandContext): void {
  const run = (
    reference: string,
    { output }: ChangeOptions,
    ask: (api: ApiClient, name: string) => Promise<VerbAnswer>,
  ): Promise<void> => runVerb({ names: [tenantName(reference)], ask, output }, context);

  const hold = describeByRoute(program.command('hold'), 'holdTenant')
    .argument('<name>', 'tenant')
    .requiredOption('--reason <text>', 'the reason, shown to everyone affected by the hold');
  addChangeOptions(hold)
    .addHelpText('after', holdExamples)
    .action((reference: string, options: ChangeOptions & { readonly reason: string }) =>
      run(reference, options, async (api, name) => {
        const { reason } = options;
        const { body: tenant } = await api.call('holdTenant', {
          params: { name },
          body: { reason },
          ifMatch: ifMatchOf(options),
        });
        return { tenant, outcome: `is on hold: ${reason}` };
      }),
    );

  const release = describeByRoute(program.command('release-hold'), 'releaseHoldOfTenant').argument('<name>', 'tenant');
  addChangeOptions(release)
    .addHelpText('after', releaseExamples)
    .action((reference: string, options: ChangeOptions) =>
      run(reference, options, async (api, name) => {
        const { body: tenant } = await api.call('releaseHoldOfTenant', {
          params: { name },
          ifMatch: ifMatchOf(options),
        });
        return { tenant, outcome: 'is not on hold' };
      }),
    );
}
