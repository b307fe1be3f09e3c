import type { Command } from 'commander';
import type { Rollout } from '../../contracts/rollout.ts';
import type { CommandContext, Terminal } from '../command-context.ts';
import { followRollout, rolloutFailure } from '../operations/follow-rollout.ts';
import { retryWithin } from '../operations/follow.ts';
import { rolloutKind } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { rolloutId } from '../resources/references.ts';
import { rolloutLine } from '../resources/rollout-words.ts';
import { timeoutOption } from './timeout-option.ts';
import { describeByRoute } from './verb-options.ts';

/** Options of a verb that leaves a roll-out running. */
export interface FollowOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly output: OutputFormat;
}

export function addFollowOptions(command: Command): Command {
  return command
    .option('--wait', 'wait until the roll-out no longer runs')
    .addOption(timeoutOption('1h'))
    .addOption(outputOption());
}

/** Prints a roll-out, and waits for it with `wait`. @throws CliFailure, as awaitRollout does */
export async function tellRollout(
  rollout: Rollout,
  { wait, timeout, output }: Pick<FollowOptions, 'wait' | 'timeout' | 'output'>,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  (output === 'table' ? terminal.stdout : terminal.stderr).write(`${rolloutLine(rollout)}\n`);
  if (wait === true) await awaitRollout(rollout.id, { timeout, output }, context);
  else if (output !== 'table') printRollout(rollout, output, terminal);
}

/**
 * Follows a roll-out until it no longer runs, and prints its state.
 * @throws CliFailure operationFailed, if it did not complete; waitTimeout, interrupted
 */
export async function awaitRollout(
  id: string,
  { timeout, output }: Pick<FollowOptions, 'timeout' | 'output'>,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const rollout = await followRollout(connect(retryWithin(timeout)), id, timeout, terminal);
  if (output === 'table') terminal.stdout.write(`${rolloutLine(rollout)}\n`);
  else printRollout(rollout, output, terminal);
  if (rollout.state !== 'succeeded') throw rolloutFailure(rollout, terminal.program);
}

function printRollout(rollout: Rollout, output: OutputFormat, terminal: Terminal): void {
  printResources(terminal, output, rolloutKind, [{ name: rollout.id, body: rollout }], true);
}

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
      await tellRollout(body, options, context);
    });
  settled('cancel', 'cancelRollout', cancelExamples);
}
