import { setTimeout as delay } from 'node:timers/promises';
import { Argument } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { ExitCodeName } from '../../contracts/problem-type.ts';
import type { IsolationDirection, IsolationReport } from '../../contracts/isolation-report.ts';
import type { CommandContext } from '../command-context.ts';
import { CliFailure } from '../failure.ts';
import { problemType } from '../problem-type.ts';
import { retryWithin, startWait } from '../operations/follow.ts';
import type { Wait } from '../operations/follow.ts';
import { tenantKind } from '../resources/kinds.ts';
import { outputOption, renderData } from '../resources/print.ts';
import { tenantName } from '../resources/references.ts';
import type { OutputFormat } from '../resources/print.ts';
import type { Paint } from '../text/paint.ts';
import { printableLine } from '../text/printable.ts';
import { renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { timeoutOption } from './option-values.ts';

interface VerifyOptions {
  readonly timeout: number;
  readonly output: Exclude<OutputFormat, 'name'>;
}

const examples = `
Examples:
  tenure verify isolation acme globex            try to reach each with the credentials of the other
  tenure verify isolation acme globex -o json

Tries every command and every aggregation stage of the running mongod in both directions. Only what mongod refuses counts as refused.
No lasting change is made; while it runs, each tenant has one extra document in one of its collections.

Exits with 0 if the boundary held, with 1 if it did not, and with 4 or 8 if it could not be verified.`;

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .summary('check that two tenants cannot reach each other')
    .description('Check, with the real credentials of two tenants, that neither can reach the other.')
    .addArgument(new Argument('<what>', 'what to verify').choices(['isolation']))
    .argument('<tenant>', 'name of a tenant')
    .argument('<other>', 'name of another tenant')
    .addOption(timeoutOption('10m'))
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((_what: string, name: string, other: string, options: VerifyOptions) =>
      verify(tenantName(name), tenantName(other), options, context),
    );
}

async function verify(
  name: string,
  against: string,
  { timeout, output }: VerifyOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const { stdout, stderr, interrupted, paintOut, program } = terminal;
  const api = connect(retryWithin(timeout));
  const { body } = await api.call('verifyIsolationOfTenant', { params: { name }, body: { against } });
  const id = body.running?.id ?? '';
  stderr.write(`verifying the isolation of tenant/${name} and tenant/${against}\n`);
  const waiting = startWait(
    timeout,
    interrupted,
    () => `the verification keeps running; to resume waiting: ${program} verify isolation ${name} ${against}`,
  );
  let report: IsolationReport;
  try {
    report = await untilEnded(api, { name, against, id }, waiting);
  } catch (error) {
    throw waiting.ended(error);
  }
  stdout.write(
    output === 'table'
      ? renderReport(report, paintOut)
      : renderData(output, { items: [{ kind: tenantKind, listed: { name, body: report } }], single: true }),
  );
  const breaches = report.directions.reduce((sum, direction) => sum + direction.breaches.length, 0);
  if (report.verdict === 'breached')
    throw new CliFailure(
      'operationFailed',
      `error: the boundary between tenant/${name} and tenant/${against} did not hold: ${breaches} probes got through\nfix: compare the rights of both users with what is declared (tenure diff tenant/${name} --live), correct them, and verify again`,
    );
}

const pollEveryMs = 500;

/** The exit code for a verification without a verdict: never the one for a boundary that did not hold. */
function exitWithoutVerdict(code: string): ExitCodeName {
  const { exit } = problemType(code);
  return exit === 'operationFailed' ? 'unavailable' : exit;
}

async function untilEnded(
  api: ApiClient,
  { name, against, id }: { readonly name: string; readonly against: string; readonly id: string },
  { signal }: Wait,
): Promise<IsolationReport> {
  for (;;) {
    const { body } = await api.call('isolationReportOfTenant', { params: { name }, query: { against }, signal });
    if (body.running?.id !== id) {
      const { failure, report } = body;
      if (failure?.id === id)
        throw new CliFailure(
          exitWithoutVerdict(failure.code),
          `error: the isolation of tenant/${name} and tenant/${against} could not be verified: ${failure.message} (${failure.code})\nfix: make sure that both are Active and their cells can be reached, then verify again`,
        );
      // Another verification may have replaced this one; its verdict is as good.
      if (report !== undefined && report.id >= id) return report;
    }
    await delay(pollEveryMs, undefined, { signal });
  }
}

const countColumns: readonly Column<IsolationDirection['counts'][number]>[] = [
  { title: 'PROBES', value: ({ family }) => family },
  { title: 'REFUSED', value: ({ refused }) => String(refused) },
  { title: 'HARMLESS', value: ({ harmless }) => String(harmless) },
  { title: 'NOT-APPLICABLE', value: ({ notApplicable }) => String(notApplicable) },
  { title: 'BREACH', value: ({ breach }) => String(breach) },
];

function renderDirection(
  { from, to, cell, mongod, known, probes, counts, breaches }: IsolationDirection,
  paint: Paint,
): string {
  const head = `${from} -> ${to}: ${probes} probes on cell ${cell}, mongod ${mongod} (${known.commands} commands, ${known.stages} stages)\n`;
  const found = breaches.flatMap(({ probe, family, evidence, database, command, detail }) => [
    `  ${paint('red', 'BREACH')} ${family} ${printableLine(probe)}: ${printableLine(detail)} (${evidence})`,
    `    on ${printableLine(database)}: ${printableLine(command)}`,
  ]);
  return `${head}${renderTable(countColumns, counts, paint, '  ')}${found.map((line) => `${line}\n`).join('')}`;
}

function renderReport({ directions, verdict, endTime }: IsolationReport, paint: Paint): string {
  return `${directions.map((direction) => `${renderDirection(direction, paint)}\n`).join('')}The boundary ${paint(verdict === 'held' ? 'green' : 'red', verdict === 'held' ? 'held' : 'did not hold')}, ${endTime}.\n`;
}
