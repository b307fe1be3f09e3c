import type { Command } from 'commander';
import { optionsOf } from './completion/position.ts';
import { usageFailure } from './failure.ts';

const fix = 'give it a value; where it comes from a variable, see that this is set';

/**
 * Refuses what is empty: of a variable that is not set nobody means all there is, or the folder at hand.
 * @throws CliFailure usage
 */
export function refuseEmptyValues(command: Command): void {
  const empty = optionsOf(command).find((option) => isEmpty(command.optsWithGlobals()[option.attributeName()]));
  if (empty !== undefined) throw usageFailure(`${empty.long ?? empty.flags} is empty`, fix);
  for (const [index, given] of command.args.entries()) {
    const { registeredArguments } = command;
    if (isEmpty(given))
      throw usageFailure(
        `the argument ${(registeredArguments[index] ?? registeredArguments.at(-1))?.name() ?? index + 1} is empty`,
        fix,
      );
  }
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isEmpty) : typeof value === 'string' && value.trim() === '';
}
