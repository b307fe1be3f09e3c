import { Option } from 'commander';
import type { Command } from 'commander';
import type { DriftReport } from '../../contracts/tenant-reports.ts';
import type { TenantDifference } from '../../contracts/tenant-revision.ts';
import type { CommandContext } from '../command-context.ts';
import { asFailure } from '../failure-report.ts';
import { CliFailure } from '../failure.ts';
import { renderChanges } from '../resources/changes.ts';
import { tenantKind } from '../resources/kinds.ts';
import { outputOption, renderData } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseTenantReference } from '../resources/references.ts';
import type { Paint } from '../text/paint.ts';
import { printableLine } from '../text/printable.ts';

interface DiffOptions {
  readonly from?: string;
  readonly to?: string;
  readonly live?: true;
  readonly output: Exclude<OutputFormat, 'name'>;
}

const examples = `
Examples:
  tenure diff tenant acme                  what the last change did
  tenure diff tenant acme --from 2         from generation 2 to now
  tenure diff tenant acme --from 2 --to 5
  tenure diff tenant acme --from 2026-11-20T00:00:00Z -o json
  tenure diff tenant acme --live           how its cell differed from the declaration at the last scan

Exits with 0 if nothing differs, 1 if something differs, and a higher code on an error.`;

export function addDiff(program: Command, context: CommandContext): void {
  program
    .command('diff')
    .summary('show the differences between two generations of a tenant, or on its cell')
    .description('Show what differs in labels, annotations and spec between two generations of a tenant.')
    .argument('<kind[/name]>', 'tenant')
    .argument('[name]', 'its name')
    .option('--from <generation|time>', 'the earlier generation (default: the one before --to)')
    .option('--to <generation|time>', 'the later generation (default: the current one)')
    .addOption(new Option('--live', 'show the drift that the last scan of its cell found').conflicts(['from', 'to']))
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((first: string, name: string | undefined, options: DiffOptions) =>
      diff(name === undefined ? [first] : [first, name], options, context),
    );
}

async function diff(
  reference: readonly string[],
  { from, to, live, output }: DiffOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const name = parseTenantReference(reference);
  if (live === true) {
    await diffLive(name, output, { terminal, connect });
    return;
  }
  let difference: TenantDifference;
  try {
    const query = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    difference = (await connect().call('diffTenant', { params: { name }, query })).body;
  } catch (error) {
    const failure = asFailure(error, terminal);
    // Exit code 1 means that something differs.
    throw failure.exit === 'operationFailed' ? new CliFailure('unavailable', failure.report) : failure;
  }
  terminal.stdout.write(
    output === 'table'
      ? renderDifference(difference, terminal.paintOut)
      : renderData(output, { items: [{ kind: tenantKind, listed: { name, body: difference } }], single: true }),
  );
  if (difference.changes.length > 0) throw new CliFailure('differs', '');
}

async function diffLive(
  name: string,
  output: DiffOptions['output'],
  { terminal, connect }: Pick<CommandContext, 'terminal' | 'connect'>,
): Promise<void> {
  let report: DriftReport;
  try {
    report = (await connect().call('driftOfTenant', { params: { name } })).body;
  } catch (error) {
    const failure = asFailure(error, terminal);
    throw failure.exit === 'operationFailed' ? new CliFailure('unavailable', failure.report) : failure;
  }
  const { checkTime, cell = '-' } = report;
  if (checkTime === undefined) {
    throw new CliFailure(
      'unavailable',
      `error: tenant/${name} has not been scanned since its home was last changed\nfix: wait for the next scan, or trigger the drift scan schedule in Temporal`,
    );
  }
  terminal.stdout.write(
    output === 'table'
      ? renderDrift(report, terminal.paintOut)
      : renderData(output, { items: [{ kind: tenantKind, listed: { name, body: report } }], single: true }),
  );
  terminal.stderr.write(`Scanned at ${checkTime} on cell ${cell}.\n`);
  if (report.findings.length > 0) throw new CliFailure('differs', '');
}

const driftColors = { missing: 'red', wrong: 'yellow', foreign: 'red', extra: 'yellow' } as const;

function renderDrift({ findings }: DriftReport, paint: Paint): string {
  return findings
    .map(
      ({ part, kind, name, detail }) =>
        `${paint(driftColors[kind], kind)} ${part} ${printableLine(name)}: ${printableLine(detail)}\n`,
    )
    .join('');
}

type Point = TenantDifference['from'];

/** Empty if nothing differs. */
function renderDifference({ name, from, to, changes }: TenantDifference, paint: Paint): string {
  if (changes.length === 0) return '';
  const head = (sign: string, { generation, time }: Point): string =>
    `${sign} tenant/${name} generation ${generation} (${time})\n`;
  return `${head('---', from)}${head('+++', to)}${renderChanges(changes, paint)}`;
}
