import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { CommandContext } from '../command-context.ts';
import { operationFailure, outlookOf } from '../failure-report.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { followOperation, retryWithin, startWait } from '../operations/follow.ts';
import type { Wait } from '../operations/follow.ts';
import { createProgress } from '../operations/progress.ts';
import type { Progress } from '../operations/progress.ts';
import { parseTenantCondition } from '../operations/tenant-condition.ts';
import type { TenantCondition } from '../operations/tenant-condition.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';
import { awaitRollout } from './roll-out-turns.ts';
import { timeoutOption } from './timeout-option.ts';

interface WaitOptions {
  readonly for?: string;
  readonly timeout: number;
  readonly output: OutputFormat;
}

const examples = `
Examples:
  tenure wait tenant/acme                              until it is Ready as it is declared now
  tenure wait tenant/acme --for=lifecycle=Active
  tenure wait tenant/acme --for=condition=Placed       or =False, =Unknown
  tenure wait tenant/later --timeout 10m               one that is not there yet, too
  tenure wait operation/ID --timeout 5m                until it is done
  tenure wait roll-out/ID --timeout 1h                 until it no longer runs

Ends with 0 when it has come about, 1 when the operation failed or the roll-out stopped short, 7 when the time is up.`;

export function addWait(program: Command, context: CommandContext): void {
  program
    .command('wait')
    .summary('wait for a tenant, an operation or a roll-out')
    .description('Wait until a tenant is as wanted, or an operation or roll-out is done.')
    .argument('<kind[/name]>', 'tenant, operation or roll-out')
    .argument('[name]', 'its name')
    .option('--for <condition>', 'of a tenant: Ready, lifecycle=STATE or condition=TYPE[=STATUS] (default: Ready)')
    .addOption(timeoutOption('60s'))
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((first: string, name: string | undefined, options: WaitOptions) =>
      wait(name === undefined ? [first] : [first, name], options, context),
    );
}

async function wait(reference: readonly string[], options: WaitOptions, context: CommandContext): Promise<void> {
  const { kind, name } = parseReference(reference);
  if (kind.singular !== 'tenant' && kind.singular !== 'operation' && kind.singular !== 'roll-out')
    throw usageFailure(`nothing runs for a ${kind.singular}`, 'wait for a tenant, an operation or a roll-out');
  if (kind.singular !== 'tenant' && options.for !== undefined)
    throw usageFailure('--for is for tenants', 'leave it out: what runs is waited for until it is done');
  if (kind.singular === 'roll-out') return awaitRollout(name, options, context);
  const { terminal, connect } = context;
  const condition = parseTenantCondition(options.for ?? 'Ready');
  const { stdout, stderr, paintErr, interrupted, program } = terminal;
  const api = connect(retryWithin(options.timeout));
  const progress = createProgress(stderr, paintErr);
  const isOperation = kind.singular === 'operation';
  let seen = '';
  const see = (state: string): void => {
    // Whoever has mistyped the name would else wait without a word.
    if (state === notThere && seen !== notThere) stderr.write(`tenant/${name} is not there yet; waiting for it\n`);
    seen = state;
  };
  const waiting = startWait(options.timeout, interrupted, () =>
    isOperation
      ? outlookOf(name, program)
      : `tenant/${name}: ${seen}\nto come back: ${program} wait tenant/${name} --for=${condition.text}`,
  );
  let told: string;
  try {
    told = isOperation
      ? await untilDone(api, name, waiting, progress, program)
      : await untilMet(api, name, condition, waiting, progress, program, see);
  } catch (error) {
    throw waiting.ended(error);
  } finally {
    progress.clear();
  }
  if (options.output === 'table') stdout.write(`${told}\n`);
  else printResources(terminal, options.output, kind, [await kind.get(api, name)], true);
}

async function untilDone(
  api: ApiClient,
  id: string,
  { signal }: Wait,
  progress: Progress,
  program: string,
): Promise<string> {
  const operation = await followOperation(api, id, progress, signal);
  if (operation.state !== 'succeeded') throw operationFailure(operation, program);
  return `operation/${id} (${operation.kind}) succeeded`;
}

/** `undefined` while there is none; it may be made yet. */
async function findTenant(api: ApiClient, name: string): Promise<Tenant | undefined> {
  try {
    return (await api.call('getTenant', { params: { name } })).body;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** Between looks at a tenant for which nothing runs, or that is not there. */
const lookEveryMs = 500;
const notThere = 'it is not there yet';

async function untilMet(
  api: ApiClient,
  name: string,
  condition: TenantCondition,
  { signal }: Wait,
  progress: Progress,
  program: string,
  see: (state: string) => void,
): Promise<string> {
  for (;;) {
    // Not ended by the timeout: at least one look is taken.
    const tenant = await findTenant(api, name);
    if (tenant === undefined) {
      see(notThere);
      signal.throwIfAborted();
      await delay(lookEveryMs, undefined, { signal });
      continue;
    }
    see(condition.state(tenant));
    const isQuiet = tenant.status.operation === undefined && tenant.status.pending === undefined;
    const takenBack = tenant.status.conditions.find(({ type, status }) => type === 'Applied' && status === 'False');
    if (isQuiet && takenBack !== undefined && (condition.needsApplied || !condition.holds(tenant))) {
      throw new CliFailure(
        'operationFailed',
        `error: tenant/${name} is not as it was declared: ${takenBack.reason}: ${takenBack.message}\nfix: declare again what is wanted; ${program} history tenant ${name} shows what was`,
      );
    }
    if (condition.holds(tenant)) return `tenant/${name} is as waited for: ${condition.state(tenant)}`;
    signal.throwIfAborted();
    if (tenant.status.operation === undefined) {
      await delay(lookEveryMs, undefined, { signal });
      continue;
    }
    const operation = await followOperation(api, tenant.status.operation.id, progress, signal);
    if (operation.state === 'succeeded') continue;
    const { body: after } = await api.call('getTenant', { params: { name }, signal });
    // One that was preempted ends cancelled, and what has taken its place may bring about what is waited for.
    const { operation: next } = after.status;
    if (!condition.holds(after) && (next === undefined || next.id === operation.id))
      throw operationFailure(operation, program);
  }
}
