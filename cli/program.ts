import { Command } from 'commander';
import { exitCodes } from '../contracts/problem-type.ts';
import type { ExitCodeName } from '../contracts/problem-type.ts';
import type { CommandContext } from './command-context.ts';
import { environmentVariables } from './config.ts';
import { addApply } from './commands/apply.ts';
import { addChangePlan } from './commands/change-plan.ts';
import { addCanI } from './commands/can-i.ts';
import { addCompletion, completionCommand } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addContext } from './commands/context.ts';
import { addDescribe } from './commands/describe.ts';
import { addDestructiveVerbs, addLifecycleVerbs } from './commands/lifecycle-verbs.ts';
import { addDiff } from './commands/diff.ts';
import { addDoctor } from './commands/doctor.ts';
import { addAudit } from './commands/audit.ts';
import { addEvents } from './commands/events.ts';
import { addExplain } from './commands/explain.ts';
import { addGet } from './commands/get.ts';
import { addHistory } from './commands/history.ts';
import { addHold } from './commands/hold.ts';
import { addOperations } from './commands/operations.ts';
import { addRollout } from './commands/roll-out.ts';
import { addRollback } from './commands/rollback.ts';
import { addVerify } from './commands/verify.ts';
import { addWebhooks } from './commands/webhooks.ts';
import { addWait } from './commands/wait.ts';
import { refuseEmptyValues } from './flag-forms.ts';
import { readVersion } from './version.ts';

/** The meaning of each exit code. */
export const exitMeanings: Readonly<Record<ExitCodeName, string>> = {
  ok: 'done',
  operationFailed: 'the operation failed, or an unexpected error occurred',
  differs: 'diff: something differs',
  usage: 'the command line, a manifest or the request is not valid',
  notFound: 'the resource does not exist',
  conflict: 'conflict with the state of the resource, or with an operation on it',
  denied: 'not authenticated, or denied by policy',
  waitTimeout: 'timed out waiting; the operation keeps running',
  unavailable: 'the API or something it depends on cannot be reached, or the output cannot be written',
  interrupted: 'interrupted with Ctrl-C; started operations keep running',
};

function environmentLines(): string {
  return Object.entries(environmentVariables)
    .map(([name, meaning]) => `  ${name.padEnd(20)}  ${meaning}`)
    .join('\n');
}

function exitCodeLines(): string {
  return Object.entries(exitMeanings)
    .map(([name, meaning]) => `  ${String(exitCodes[name as ExitCodeName]).padStart(3)}  ${meaning}`)
    .join('\n');
}

const footer = `
Examples:
  tenure apply -f examples --wait
  tenure get tenants
  tenure describe tenant acme
  tenure suspend acme --wait

Server and token come from flags, the environment or a context, in this order (tenure context --help). To show their values and
origins: tenure config explain. To check them: tenure doctor. Data is written to stdout, messages to stderr.

Environment:
${environmentLines()}

Exit codes:
${exitCodeLines()}`;

/** The command line: every command, its options and its help. Parsing it runs the command. */
export function createProgram(context: CommandContext): Command {
  const { stdout, stderr } = context.terminal;
  const program: Command = new Command('tenure')
    .description('Operate the tenants of a Tenure installation.')
    .version(readVersion(), '-V', 'print the version of this command')
    .option('--server <url>', 'address of the API, such as http://127.0.0.1:8080')
    .option('--token-file <path>', 'file with the bearer token')
    .option('--ca-file <path>', 'file with the CA certificates (PEM) to trust for the API')
    .option('--context <name>', 'context to use; see tenure context --help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error:/, () => context.terminal.paintErr('red', 'error:'))),
    })
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: (command) => (command === program ? [] : [...program.options]),
    })
    .helpCommand(false)
    .hook('preAction', (_program, command) => {
      // A word to complete may be empty.
      if (command.name() !== completionCommand) refuseEmptyValues(command);
    })
    .addHelpText('after', footer);
  program.commandsGroup('Basic commands:');
  addApply(program, context);
  addGet(program, context);
  addDescribe(program, context);
  addHistory(program, context);
  addDiff(program, context);
  addRollback(program, context);
  addExplain(program, context);
  addVerify(program, context);
  program.commandsGroup('Tenant lifecycle:');
  addLifecycleVerbs(program, context);
  addDestructiveVerbs(program, context);
  addChangePlan(program, context);
  addHold(program, context);
  program.commandsGroup('Templates:');
  addRollout(program, context);
  program.commandsGroup('Operations:');
  addOperations(program, context);
  addWait(program, context);
  addEvents(program, context);
  addWebhooks(program, context);
  addAudit(program, context);
  program.commandsGroup('Settings and access:');
  addDoctor(program, context);
  addCanI(program, context);
  addContext(program, context);
  addConfig(program, context);
  addCompletion(program, context);
  pointToHelp(program, 'tenure');
  return program;
}

function pointToHelp(command: Command, path: string): void {
  command.showHelpAfterError(`usage: ${path} ${command.usage()}\nfix: see ${path} --help`);
  for (const child of command.commands) pointToHelp(child, `${path} ${child.name()}`);
}
