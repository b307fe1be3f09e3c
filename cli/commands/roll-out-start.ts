import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { waveSchema } from '../../contracts/rollout.ts';
import type { RolloutRequest } from '../../contracts/rollout.ts';
import type { CommandContext } from '../command-context.ts';
import { templateName } from '../resources/references.ts';
import { addScopeOptions } from './roll-out-preview.ts';
import type { RolloutScope } from './roll-out-preview.ts';
import { addFollowOptions, tellRollout } from './roll-out-follow.ts';
import type { FollowOptions } from './roll-out-follow.ts';
import { describeByRoute } from './verb-options.ts';
import { parseCount } from './whole-number.ts';

type Wave = RolloutRequest['waves'][number];

interface StartOptions extends RolloutScope, FollowOptions {
  readonly wave?: readonly Wave[];
  readonly maxFailures?: number;
}

const examples = `
Examples:
  tenure roll-out start startup --wait             one tenant first, then 10% of them, then all
  tenure roll-out start startup --wave 5 --wave 25% --max-failures 2
                                                   waves of your own; the rest follows after the last one
  tenure roll-out start startup -l ring=canary     only tenants with such labels
  tenure roll-out start startup --version 2        an earlier version

A wave says how many tenants have been changed when it is over. More failures than --max-failures pause the roll-out, and nothing
more is begun. With --wait it ends with 1 then; Ctrl-C ends only the waiting.`;

export function addRolloutStart(group: Command, context: CommandContext): void {
  const command = addScopeOptions(describeByRoute(group.command('start'), 'startRollout').argument('<template>', 'template'))
    .addOption(new Option('--wave <count|share>', 'tenants to be changed before the next wave, such as 5 or 10%; once for each wave (default: 1, 10%, 100%)').argParser(collectWave))
    .addOption(new Option('--max-failures <count>', 'so many tenants may fail before it pauses (default: 0)').argParser(parseCount));
  addFollowOptions(command)
    .addHelpText('after', examples)
    .action((reference: string, options: StartOptions) => start(templateName(reference), options, context));
}

function collectWave(text: string, before: readonly Wave[] | undefined): readonly Wave[] {
  const { success, data } = waveSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!success) throw new InvalidArgumentError('Write a number of tenants above zero, or a share such as 10%.');
  return [...(before ?? []), data];
}

async function start(name: string, { version, selector, wave, maxFailures, ...options }: StartOptions, context: CommandContext): Promise<void> {
  const body = {
    ...(version === undefined ? {} : { version }),
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(wave === undefined ? {} : { waves: [...wave] }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
  };
  const { body: rollout } = await context.connect().call('startRollout', { params: { name }, body });
  await tellRollout(rollout, options, context);
}
