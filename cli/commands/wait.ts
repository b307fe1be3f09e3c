import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { ApiError } from '../../client/api-error.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { CommandContext } from '../command-context.ts';
import { operationFailure, resumeHint } from '../failure-report.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { awaitRollout } from '../operations/follow-rollout.ts';
import { followOperation, retryWithin, startWait } from '../operations/follow.ts';
import type { Wait } from '../operations/follow.ts';
import { createProgress } from '../operations/progress.ts';
import type { Progress } from '../operations/progress.ts';
import { parseTenantCondition } from '../operations/tenant-condition.ts';
import type { TenantCondition } from '../operations/tenant-condition.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReference } from '../resources/references.ts';
import { withArticle } from '../text/wording.ts';
import { timeoutOption } from './option-values.ts';

interface WaitOptions {
  readonly for?: string;
  readonly timeout: number;
  readonly output: OutputFormat;
}

const examples = `
Examples:
  tenure wait tenant/acme                              until it is Ready as currently declared
  tenure wait tenant/acme --for=lifecycle=Active
  tenure wait tenant/acme --for=condition=Placed       or =False, =Unknown
  tenure wait tenant/later --timeout 10m               also one that does not exist yet
  tenure wait operation/ID --timeout 5m                until it is done
  tenure wait roll-out/ID --timeout 1h                 until it no longer runs

Exits with 0 if the condition is met, 1 if the operation failed or the roll-out did not complete, 7 on a timeout.`;

export function addWait(program: Command, context: CommandContext): void {
  program
    .command('wait')
    .summary('wait for a tenant, an operation or a roll-out')
    .description('Wait until a tenant meets a condition, or until an operation or roll-out is done.')
    .argument('<kind[/name]>', 'tenant, operation or roll-out')
    .argument('[name]', 'its name')
    .option('--for <condition>', 'for a tenant: Ready, lifecycle=STATE or condition=TYPE[=STATUS] (default: Ready)')
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
    throw usageFailure(
      `cannot wait for ${withArticle(kind.singular)}`,
      'wait for a tenant, an operation or a roll-out',
    );
  if (kind.singular !== 'tenant' && options.for !== undefined)
    throw usageFailure(
      '--for applies only to tenants',
      'remove it: operations and roll-outs are waited for until they are done',
    );
  if (kind.singular === 'roll-out') return awaitRollout(name, options, context);
  const { terminal, connect } = context;
  const condition = parseTenantCondition(options.for ?? 'Ready');
  const { stdout, stderr, paintErr, interrupted, program } = terminal;
  const api = connect(retryWithin(options.timeout));
  const progress = createProgress(stderr, paintErr);
  const isOperation = kind.singular === 'operation';
  let lastState = '';
  const onState = (state: string): void => {
    // Otherwise a user who mistyped the name would wait without any message.
    if (state === doesNotExist && lastState !== doesNotExist)
      stderr.write(`tenant/${name} does not exist yet; waiting for it\n`);
    lastState = state;
  };
  const waiting = startWait(options.timeout, interrupted, () =>
    isOperation
      ? resumeHint(name, program)
      : `tenant/${name}: ${lastState}\nto resume waiting: ${program} wait tenant/${name} --for=${condition.text}`,
  );
  let result: string;
  try {
    result = isOperation
      ? await untilDone(api, name, waiting, progress, program)
      : await untilMet(api, name, condition, waiting, progress, program, onState);
  } catch (error) {
    throw waiting.ended(error);
  } finally {
    progress.clear();
  }
  if (options.output === 'table') stdout.write(`${result}\n`);
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

/** `undefined` while the tenant does not exist; it may still be created. */
async function findTenant(api: ApiClient, name: string): Promise<Tenant | undefined> {
  try {
    return (await api.call('getTenant', { params: { name } })).body;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** Between polls of a tenant that does not exist, or that no operation runs for. */
const pollEveryMs = 500;
const doesNotExist = 'it does not exist yet';

async function untilMet(
  api: ApiClient,
  name: string,
  condition: TenantCondition,
  { signal }: Wait,
  progress: Progress,
  program: string,
  onState: (state: string) => void,
): Promise<string> {
  for (;;) {
    // The timeout does not end the first poll.
    const tenant = await findTenant(api, name);
    if (tenant === undefined) {
      onState(doesNotExist);
      signal.throwIfAborted();
      await delay(pollEveryMs, undefined, { signal });
      continue;
    }
    onState(condition.state(tenant));
    const isIdle = tenant.status.operation === undefined && tenant.status.pending === undefined;
    const rolledBack = tenant.status.conditions.find(({ type, status }) => type === 'Applied' && status === 'False');
    if (isIdle && rolledBack !== undefined && (condition.needsApplied || !condition.holds(tenant))) {
      throw new CliFailure(
        'operationFailed',
        `error: tenant/${name} was not changed as declared: ${rolledBack.reason}: ${rolledBack.message}\nfix: correct the manifest and apply it again; ${program} history tenant ${name} shows the generations`,
      );
    }
    if (condition.holds(tenant)) return `tenant/${name} reached the condition: ${condition.state(tenant)}`;
    signal.throwIfAborted();
    if (tenant.status.operation === undefined) {
      await delay(pollEveryMs, undefined, { signal });
      continue;
    }
    const operation = await followOperation(api, tenant.status.operation.id, progress, signal);
    if (operation.state === 'succeeded') continue;
    const { body: after } = await api.call('getTenant', { params: { name }, signal });
    // A preempted operation ends as cancelled; the operation that replaced it may still meet the condition.
    const { operation: next } = after.status;
    if (!condition.holds(after) && (next === undefined || next.id === operation.id))
      throw operationFailure(operation, program);
  }
}
