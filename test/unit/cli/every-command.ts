import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/command-context.ts';
import { createProgram } from '../../../cli/program.ts';

/** The program for looking at; nothing of it can be run. */
export function inertProgram(): Command {
  const output = { write: () => true };
  return createProgram({ terminal: { stdout: output, stderr: output } } as unknown as CommandContext);
}

/** Every command that a user sees, each after the one it belongs to. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.createHelp().visibleCommands(command).flatMap(everyCommand)];
}
