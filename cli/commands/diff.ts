import { Option } from 'commander';
import type { Command } from 'commander';
import type { DriftReport } from '../../contracts/drift-report.ts';
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
  tenure diff tenant acme                  what the last change changed
  tenure diff tenant acme --from 2         from generation 2 to now
  tenure diff tenant acme --from 2 --to 5
  tenure diff tenant acme --from 2026-11-20T00:00:00Z -o json
  tenure diff tenant acme --live           what stands on its cell against what is declared, by the last scan

Ends with 0 when nothing differs, 1 when something does, and more when it could not be told.`;

export function addDiff(program: Command, context: CommandContext): void {
  program
    .command('diff')
    .summary('say what differs between two generations of a tenant, or on its cell')
    .description('Say what differs between two generations of a tenant, in labels, annotations and spec.')
    .argument('<kind[/name]>', 'tenant')
    .argument('[name]', 'its name')
    .option('--from <generation|time>', 'the earlier one (default: the one before the other)')
    .option('--to <generation|time>', 'the later one (default: the current one)')
    .addOption(
      new Option('--live', 'say what the last scan of its cell found that is not as declared').conflicts([
        'from',
        'to',
      ]),
    )
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
    // 1 is taken.
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
      `error: no scan has looked at tenant/${name} since its home was last changed\nfix: wait for the next scan, or trigger the schedule of the drift scan in Temporal`,
    );
  }
  terminal.stdout.write(
    output === 'table'
      ? renderDrift(report, terminal.paintOut)
      : renderData(output, { items: [{ kind: tenantKind, listed: { name, body: report } }], single: true }),
  );
  terminal.stderr.write(`Looked at ${checkTime} on cell ${cell}.\n`);
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

/** Nothing when nothing differs. */
function renderDifference({ name, from, to, changes }: TenantDifference, paint: Paint): string {
  if (changes.length === 0) return '';
  const head = (sign: string, { generation, time }: Point): string =>
    `${sign} tenant/${name} generation ${generation} (${time})\n`;
  return `${head('---', from)}${head('+++', to)}${renderChanges(changes, paint)}`;
}
