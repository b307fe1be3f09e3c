import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { showRollout } from '../operations/follow-rollout.ts';
import { rolloutKind } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { rolloutId, templateName } from '../resources/references.ts';
import { describeRollout } from '../resources/rollouts.ts';
import { parseWholeNumber } from './option-values.ts';
import { addFollowOptions, describeByRoute } from './verb-options.ts';
import type { FollowOptions } from './verb-options.ts';
import { addRolloutPreview, addRolloutStart } from './roll-out-start.ts';

const pauseExamples = `
Examples:
  tenure roll-out pause ID                 changes that are in progress finish
  tenure roll-out resume ID --wait         continue`;

const resumeExamples = `
Examples:
  tenure roll-out resume ID --wait         retry the failed tenants, then continue
  tenure roll-out resume ID --skip-failed  continue without them`;

const cancelExamples = `
Examples:
  tenure roll-out cancel ID
  tenure roll-out start startup --version 2 --wait
                                           return the changed tenants to version 2`;

/** The verbs that change the state of a roll-out. */
function addRolloutVerbs(group: Command, context: CommandContext): void {
  const addVerb = (verb: 'pause' | 'cancel', route: 'pauseRollout' | 'cancelRollout', help: string): void => {
    describeByRoute(group.command(verb), route)
      .argument('<id>', 'roll-out')
      .addOption(outputOption())
      .addHelpText('after', help)
      .action(async (reference: string, { output }: { readonly output: OutputFormat }) => {
        const { body } = await context.connect().call(route, { params: { id: rolloutId(reference) } });
        await showRollout(body, { timeout: 0, output }, context);
      });
  };
  addVerb('pause', 'pauseRollout', pauseExamples);

  const resume = describeByRoute(group.command('resume'), 'resumeRollout')
    .argument('<id>', 'roll-out')
    .option('--skip-failed', 'skip the failed tenants');
  addFollowOptions(resume)
    .addHelpText('after', resumeExamples)
    .action(async (reference: string, options: FollowOptions & { readonly skipFailed?: true }) => {
      const { body } = await context.connect().call('resumeRollout', {
        params: { id: rolloutId(reference) },
        body: { skipFailed: options.skipFailed === true },
      });
      await showRollout(body, options, context);
    });
  addVerb('cancel', 'cancelRollout', cancelExamples);
}

const examples = `
Examples:
  tenure roll-out preview startup          which tenants would change, and how
  tenure roll-out start startup --wait     bring the latest version to its tenants, wave by wave
  tenure roll-out status ID                its progress
  tenure roll-out resume ID --wait         continue a paused roll-out

A new version of a template changes no tenant until it is rolled out.`;

const listExamples = `
Examples:
  tenure roll-out list startup             newest first
  tenure roll-out list startup --limit 1 -o json`;

const statusExamples = `
Examples:
  tenure roll-out status ID                progress, and the tenants that failed
  tenure roll-out status ID -o json
  tenure wait roll-out/ID                  wait until it no longer runs`;

/** Brings a version of a template to its tenants. */
export function addRollout(program: Command, context: CommandContext): void {
  const group = program
    .command('roll-out')
    .alias('rollout')
    .summary('bring a version of a template to its tenants, wave by wave')
    .description('Bring a version of a template to its tenants, wave by wave. A roll-out pauses when tenants fail.')
    .helpCommand(false)
    .addHelpText('after', examples);
  addRolloutPreview(group, context);
  addRolloutStart(group, context);

  describeByRoute(group.command('list'), 'listRollouts')
    .argument('<template>', 'template')
    .option('--limit <count>', 'print at most this many', parseWholeNumber)
    .addOption(outputOption())
    .addHelpText('after', listExamples)
    .action(
      async (reference: string, { limit, output }: { readonly limit?: number; readonly output: OutputFormat }) => {
        const template = templateName(reference);
        printResources(
          context.terminal,
          output,
          rolloutKind,
          await rolloutKind.list(context.connect(), limit, { template }),
          false,
        );
      },
    );

  describeByRoute(group.command('status'), 'getRollout')
    .argument('<id>', 'roll-out')
    .addOption(outputOption())
    .addHelpText('after', statusExamples)
    .action(async (reference: string, { output }: { readonly output: OutputFormat }) => {
      const id = rolloutId(reference);
      const { terminal, connect } = context;
      if (output === 'table') terminal.stdout.write(await describeRollout(connect(), id, terminal.paintOut));
      else printResources(terminal, output, rolloutKind, [await rolloutKind.get(connect(), id)], true);
    });
  addRolloutVerbs(group, context);
}
