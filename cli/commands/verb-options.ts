import { Option } from 'commander';
import type { Command } from 'commander';
import { routes } from '../../contracts/routes.ts';
import type { RouteId, RouteQueryInput } from '../../contracts/routes.ts';
import type { VerbRun } from '../operations/run-verb.ts';
import { outputOption } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { timeoutOption } from './timeout-option.ts';
import { parseWholeNumber } from './whole-number.ts';

/** Options of every verb that changes a tenant. */
export interface ChangeOptions {
  readonly revision?: number;
  readonly output: OutputFormat;
}

/** Options of a verb that an operation brings about. */
export interface VerbOptions extends ChangeOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly dryRun?: 'server';
  readonly preempt?: true;
  readonly confirmMassChange?: true;
}

export function confirmMassChangeOption(): Option {
  return new Option('--confirm-mass-change', 'as an admin: yes, so many tenants are meant');
}

export function addChangeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--revision <number>', 'only if the tenant stands at this revision').argParser(parseWholeNumber),
    )
    .addOption(outputOption());
}

export function addVerbOptions(command: Command): Command {
  command
    .option('--wait', 'wait until the operation is done')
    .addOption(timeoutOption('120s'))
    .addOption(
      new Option('--dry-run <where>', 'change nothing: have the API check all it would')
        .choices(['server'])
        .conflicts('wait'),
    )
    .option('--preempt', 'have a running operation cancelled and undone first')
    .addOption(confirmMassChangeOption());
  return addChangeOptions(command);
}

/** `If-Match` for the tenant as it stands, or at the revision given. */
export function ifMatchOf({ revision }: ChangeOptions): string {
  return revision === undefined ? '*' : `"${revision}"`;
}

export interface VerbRequest {
  readonly query: RouteQueryInput<'activateTenant'>;
  readonly ifMatch: string;
}

/** What the options of a verb say to its route. */
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

/** How the command goes on after it has asked. */
export function runOptions(options: VerbOptions): Pick<VerbRun, 'output' | 'waitMs' | 'isDryRun'> {
  return { output: options.output, waitMs: waitMsOf(options), isDryRun: options.dryRun !== undefined };
}

/** How long the operation is waited for, if it is. */
function waitMsOf({ wait, timeout }: VerbOptions): number | undefined {
  return wait === true ? timeout : undefined;
}

/** Says of a command what its route says of itself. */
export function describeByRoute(command: Command, route: RouteId): Command {
  const { summary } = routes[route];
  const first = summary.replace(/\.( .*)?$/, '');
  return command.summary(`${first.charAt(0).toLowerCase()}${first.slice(1)}`).description(summary);
}
