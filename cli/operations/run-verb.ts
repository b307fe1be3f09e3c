import type { ApiClient } from '../../client/api-client.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { CommandContext, Terminal } from '../command-context.ts';
import { asFailure, concernsAll, operationFailure } from '../failure-report.ts';
import { CliFailure, joinFailures } from '../failure.ts';
import { kindOf } from '../resources/kinds.ts';
import { lineWriter, renderData } from '../resources/print.ts';
import type { OutputFormat, Printed } from '../resources/print.ts';
import { followAll, operationLine, retryWithin } from './follow.ts';

/** The answer of the API to a verb. */
export interface VerbAnswer {
  readonly tenant: Tenant;
  /** The operation that makes the change, if one is needed. */
  readonly operation?: Operation | undefined;
  /** What to print for a tenant without an operation. Default: unchanged. */
  readonly outcome?: string;
}

export interface VerbRun {
  readonly names: readonly string[];
  readonly ask: (api: ApiClient, name: string) => Promise<VerbAnswer>;
  readonly output: OutputFormat;
  /** Absent: do not wait for the operations. */
  readonly waitMs?: number | undefined;
  /** The answer is what would happen. Nothing has changed. */
  readonly isDryRun?: boolean;
}

interface Answered extends VerbAnswer {
  /** `tenant/acme` */
  readonly reference: string;
}

/**
 * Requests a verb for each tenant in order and prints each result. If one is refused, the others are still requested. Then
 * waits for all of them, with `waitMs`.
 * @throws CliFailure with every report, and the highest exit code
 */
export async function runVerb(
  { names, ask, output, waitMs, isDryRun = false }: VerbRun,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const writeLine = lineWriter(terminal, output);
  const resultOf = isDryRun ? dryRunResult : realResult;
  const { answered, failures } = await requestAll(names, ask, connect(), terminal, (reference, answer) =>
    writeLine(`${reference} ${resultOf(answer)}`),
  );
  if (waitMs !== undefined && answered.length > 0) {
    const api = connect(retryWithin(waitMs));
    const started = answered.flatMap(({ operation, reference }) =>
      operation === undefined ? [] : [{ operation, about: reference }],
    );
    try {
      await followAll(api, started, waitMs, terminal, (operation, reference) => {
        writeLine(`${reference} ${operationLine(operation)}`);
        if (operation.state !== 'succeeded') failures.push(operationFailure(operation, terminal.program));
      });
    } catch (error) {
      failures.push(asFailure(error, terminal));
    }
  }
  if (output !== 'table' && !terminal.interrupted.aborted) {
    const items = [];
    for (const answer of answered)
      items.push(waitMs === undefined ? tenantItem(answer.tenant) : await readBack(connect(), answer));
    if (items.length > 0 || names.length > 1)
      terminal.stdout.write(renderData(output, { items, single: names.length === 1 }));
  }
  if (failures.length > 0) throw joinFailures(failures);
}

async function requestAll(
  names: readonly string[],
  ask: VerbRun['ask'],
  api: ApiClient,
  terminal: Terminal,
  onAnswer: (reference: string, answer: VerbAnswer) => void,
): Promise<{ answered: Answered[]; failures: CliFailure[] }> {
  const answered: Answered[] = [];
  const failures: CliFailure[] = [];
  for (const [index, name] of names.entries()) {
    const reference = `tenant/${name}`;
    try {
      const answer = await ask(api, name);
      answered.push({ ...answer, reference });
      onAnswer(reference, answer);
    } catch (error) {
      const failure = asFailure(error, terminal, { reference });
      failures.push(failure);
      if (!terminal.interrupted.aborted && !concernsAll(error)) continue;
      const rest = names.slice(index + 1).map((later) => `tenant/${later}`);
      const { exit, report } = joinFailures(failures);
      const ended = new CliFailure(exit, rest.length === 0 ? report : `${report}\nnot requested: ${rest.join(', ')}`);
      if (terminal.interrupted.aborted) throw ended;
      return { answered, failures: [ended] };
    }
  }
  return { answered, failures };
}

function realResult({ operation, outcome = 'unchanged' }: VerbAnswer): string {
  return operation === undefined ? outcome : operationLine(operation);
}

/** Does not print an operation id, because that operation does not run. */
function dryRunResult({ operation, outcome = 'unchanged' }: VerbAnswer): string {
  return `${operation === undefined ? outcome : `${operation.kind} would start`} (server dry run)`;
}

type Item = Printed['items'][number];

function tenantItem(body: Tenant): Item {
  return { kind: kindOf('tenant'), listed: { name: body.metadata.name, body } };
}

/** The current tenant; the tombstone of a purged one. */
async function readBack(api: ApiClient, { tenant: { metadata }, operation }: VerbAnswer): Promise<Item> {
  const purged =
    operation?.kind === 'purge' &&
    (await api.call('getOperation', { params: { id: operation.id } })).body.state === 'succeeded';
  const kind = kindOf(purged ? 'tombstone' : 'tenant');
  return { kind, listed: await kind.get(api, purged ? metadata.uid : metadata.name) };
}
