import type { Command } from 'commander';
import type { CommandContext } from '../../../cli/command-context.ts';
import { createProgram } from '../../../cli/program.ts';

/** The program, only to be inspected; its commands cannot run. */
export function inertProgram(): Command {
  const output = { write: () => true };
  return createProgram({ terminal: { stdout: output, stderr: output } } as unknown as CommandContext);
}

/** The command and all visible commands below it, each after its parent. */
export function everyCommand(command: Command): Command[] {
  return [command, ...command.createHelp().visibleCommands(command).flatMap(everyCommand)];
}
