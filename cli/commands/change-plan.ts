import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { runVerb } from '../operations/run-verb.ts';
import type { VerbAnswer } from '../operations/run-verb.ts';
import { renderPlanPreview } from '../resources/tenant-reports.ts';
import { renderObject } from '../resources/print.ts';
import { tenantName } from '../resources/references.ts';
import { addVerbOptions, describeByRoute, ifMatchOf, runOptions, verbRequest } from './verb-options.ts';
import type { VerbOptions } from './verb-options.ts';

interface ChangePlanOptions extends VerbOptions {
  /** RFC 3339, as in the contract. */
  readonly at?: string;
  readonly preview?: true;
  readonly cancel?: true;
}

const examples = `
Examples:
  tenure change-plan acme enterprise --preview   show the effect; nothing is changed
  tenure change-plan acme enterprise --wait      change it now
  tenure change-plan acme enterprise --at 2027-01-01T00:00:00+01:00
  tenure change-plan acme --cancel               cancel the scheduled change

--preview shows whether policy would allow the change. It exits with 0 whether it would or not.`;

export function addChangePlan(program: Command, context: CommandContext): void {
  const command = describeByRoute(program.command('change-plan'), 'changePlanOfTenant')
    .argument('<name>', 'tenant')
    .argument('[plan]', 'the plan to change to')
    .addOption(
      new Option('--at <time>', 'when the change takes effect, as an RFC 3339 time (default: now)')
        .argParser(parseTime)
        .conflicts(['wait', 'preempt']),
    )
    .addOption(
      new Option('--preview', 'only show the effect').conflicts([
        'at',
        'wait',
        'preempt',
        'confirmMassChange',
        'revision',
        'dryRun',
      ]),
    )
    .addOption(
      new Option('--cancel', 'cancel the scheduled change').conflicts([
        'at',
        'preview',
        'wait',
        'preempt',
        'confirmMassChange',
        'dryRun',
      ]),
    );
  addVerbOptions(command)
    .addHelpText('after', examples)
    .action((reference: string, plan: string | undefined, options: ChangePlanOptions) =>
      changePlan(tenantName(reference), plan, options, context),
    );
}

function parseTime(text: string): string {
  if (!z.iso.datetime({ offset: true }).safeParse(text).success)
    throw new InvalidArgumentError('Write a time with a time zone, such as 2027-01-01T00:00:00Z.');
  const time = new Date(text);
  if (time.getTime() <= Date.now())
    throw new InvalidArgumentError('This time is in the past. Omit --at to change the plan now.');
  return time.toISOString();
}

async function changePlan(
  name: string,
  plan: string | undefined,
  options: ChangePlanOptions,
  context: CommandContext,
): Promise<void> {
  const { at, preview, cancel } = options;
  if (cancel === true && plan !== undefined) throw usageFailure('--cancel takes no plan', 'remove one of the two');
  if (cancel === true) return run(name, options, context, (api) => cancelScheduled(api, name, options));
  if (plan === undefined)
    throw usageFailure('no plan is given', `write: change-plan ${name} PLAN, or --cancel for a scheduled change`);
  if (preview === true) return showPreview(name, plan, options, context);
  return run(name, options, context, async (api) => {
    const { tenant, operation } = (
      await api.call('changePlanOfTenant', {
        params: { name },
        body: { plan, ...(at === undefined ? {} : { time: at }) },
        ...verbRequest(options),
      })
    ).body;
    return { tenant, operation, ...(at === undefined ? {} : { outcome: `changes to plan ${plan} at ${at}` }) };
  });
}

function run(
  name: string,
  options: ChangePlanOptions,
  context: CommandContext,
  ask: (api: ApiClient) => Promise<VerbAnswer>,
): Promise<void> {
  return runVerb({ names: [name], ask, ...runOptions(options) }, context);
}

async function cancelScheduled(api: ApiClient, name: string, options: ChangePlanOptions): Promise<VerbAnswer> {
  const { body: tenant } = await api.call('cancelPlanChangeOfTenant', {
    params: { name },
    ifMatch: ifMatchOf(options),
  });
  return { tenant, outcome: `keeps plan ${tenant.spec.plan}` };
}

async function showPreview(
  name: string,
  plan: string,
  { output }: ChangePlanOptions,
  { terminal: { stdout, paintOut }, connect }: CommandContext,
): Promise<void> {
  if (output === 'name') throw usageFailure('a preview has no name to print', 'use -o table, json or yaml');
  const { body } = await connect().call('previewPlanOfTenant', { params: { name }, query: { plan } });
  stdout.write(output === 'table' ? renderPlanPreview(body, paintOut) : renderObject(output, body));
}
