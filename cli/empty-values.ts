import type { Command } from 'commander';
import { optionsOf } from './completion/position.ts';
import { usageFailure } from './failure.ts';

const fix = 'give it a value; if the value comes from a shell variable, check that the variable is set';

/**
 * Refuses empty values: an unset shell variable must not select every resource, or the current folder.
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
