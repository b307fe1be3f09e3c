import { Option } from 'commander';
import type { Command } from 'commander';
import { routes } from '../../contracts/routes.ts';
import type { RouteId, RouteQueryInput } from '../../contracts/routes.ts';
import type { VerbRun } from '../operations/run-verb.ts';
import { outputOption } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { timeoutOption, parseWholeNumber } from './option-values.ts';

/** Options of every verb that changes a tenant. */
export interface ChangeOptions {
  readonly revision?: number;
  readonly output: OutputFormat;
}

/** Options of a verb that starts an operation. */
export interface VerbOptions extends ChangeOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly dryRun?: 'server';
  readonly preempt?: true;
  readonly confirmMassChange?: true;
}

export function confirmMassChangeOption(): Option {
  return new Option('--confirm-mass-change', 'as an admin, confirm a change to many tenants');
}

export function addChangeOptions(command: Command): Command {
  return command
    .addOption(new Option('--revision <number>', 'only if the tenant is at this revision').argParser(parseWholeNumber))
    .addOption(outputOption());
}

export function addVerbOptions(command: Command): Command {
  command
    .option('--wait', 'wait until the operation is done')
    .addOption(timeoutOption('120s'))
    .addOption(
      new Option('--dry-run <where>', 'change nothing; have the API check everything')
        .choices(['server'])
        .conflicts('wait'),
    )
    .option('--preempt', 'first cancel and undo the running operation')
    .addOption(confirmMassChangeOption());
  return addChangeOptions(command);
}

/** `If-Match` for the given revision, or for any. */
export function ifMatchOf({ revision }: ChangeOptions): string {
  return revision === undefined ? '*' : `"${revision}"`;
}

export interface VerbRequest {
  readonly query: RouteQueryInput<'activateTenant'>;
  readonly ifMatch: string;
}

/** The options of a verb as a request to its route. */
export function verbRequest(options: VerbOptions): VerbRequest {
  const { preempt, confirmMassChange, dryRun } = options;
  return {
    query: {
      ...(preempt === true ? { preempt: 'true' } : {}),
      ...(confirmMassChange === true ? { confirmMassChange: 'true' } : {}),
      ...(dryRun === undefined ? {} : { dryRun: 'true' }),
    },
    ifMatch: ifMatchOf(options),
  };
}

/** What the command does after its request. */
export function runOptions(options: VerbOptions): Pick<VerbRun, 'output' | 'waitMs' | 'isDryRun'> {
  return { output: options.output, waitMs: waitMsOf(options), isDryRun: options.dryRun !== undefined };
}

/** How long to wait for the operation; `undefined` without `--wait`. */
function waitMsOf({ wait, timeout }: VerbOptions): number | undefined {
  return wait === true ? timeout : undefined;
}

/** Gives a command the summary of its route. */
export function describeByRoute(command: Command, route: RouteId): Command {
  const { summary } = routes[route];
  const first = summary.replace(/\.( .*)?$/, '');
  return command.summary(`${first.charAt(0).toLowerCase()}${first.slice(1)}`).description(summary);
}

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
