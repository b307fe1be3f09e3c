import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { outputOption } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { rolloutId } from '../resources/references.ts';
import { addFollowOptions, tellRollout } from './roll-out-follow.ts';
import type { FollowOptions } from './roll-out-follow.ts';
import { describeByRoute } from './verb-options.ts';

const pauseExamples = `
Examples:
  tenure roll-out pause ID                 tenants that are being changed come to their end
  tenure roll-out resume ID --wait         go on`;

const resumeExamples = `
Examples:
  tenure roll-out resume ID --wait         try the tenants that could not be changed again, then go on
  tenure roll-out resume ID --skip-failed  go on without them`;

const cancelExamples = `
Examples:
  tenure roll-out cancel ID
  tenure roll-out start startup --version 2 --wait
                                           bring those that have been changed back to version 2`;

/** What turns a roll-out from one state to another. */
export function addRolloutTurns(group: Command, context: CommandContext): void {
  const settled = (verb: 'pause' | 'cancel', route: 'pauseRollout' | 'cancelRollout', help: string): void => {
    describeByRoute(group.command(verb), route)
      .argument('<id>', 'roll-out')
      .addOption(outputOption())
      .addHelpText('after', help)
      .action(async (reference: string, { output }: { readonly output: OutputFormat }) => {
        const { body } = await context.connect().call(route, { params: { id: rolloutId(reference) } });
        await tellRollout(body, { timeout: 0, output }, context);
      });
  };
  settled('pause', 'pauseRollout', pauseExamples);

  const resume = describeByRoute(group.command('resume'), 'resumeRollout').argument('<id>', 'roll-out').option('--skip-failed', 'without the tenants that could not be changed');
  addFollowOptions(resume)
    .addHelpText('after', resumeExamples)
    .action(async (reference: string, options: FollowOptions & { readonly skipFailed?: true }) => {
      const { body } = await context.connect().call('resumeRollout', { params: { id: rolloutId(reference) }, body: { skipFailed: options.skipFailed === true } });
      await tellRollout(body, options, context);
    });
  settled('cancel', 'cancelRollout', cancelExamples);
}
