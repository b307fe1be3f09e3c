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

/** Options of a verb after which a roll-out runs. */
export interface FollowOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly output: OutputFormat;
}

export function addFollowOptions(command: Command): Command {
  return command
    .option('--wait', 'wait until it no longer runs')
    .addOption(timeoutOption('1h'))
    .addOption(outputOption());
}

/** Tells of a roll-out, and waits for it where that is wanted. @throws CliFailure, as awaitRollout does */
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
 * Follows a roll-out until it no longer runs, and prints how it then stands.
 * @throws CliFailure operationFailed, when it has stopped short; waitTimeout, interrupted
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

  const resume = describeByRoute(group.command('resume'), 'resumeRollout')
    .argument('<id>', 'roll-out')
    .option('--skip-failed', 'without the tenants that could not be changed');
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
