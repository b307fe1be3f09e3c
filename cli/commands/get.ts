import { Option } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { readTenantAt } from '../../client/tenant-at.ts';
import type { CommandContext, Terminal } from '../command-context.ts';
import { asFailure, concernsAll } from '../failure-report.ts';
import { joinFailures, usageFailure } from '../failure.ts';
import type { CliFailure } from '../failure.ts';
import { tenantRevisionColumns } from '../resources/columns.ts';
import { kindWords, tenantKind } from '../resources/kinds.ts';
import type { Listed, ResourceKind, TenantFilter, TombstoneFilter } from '../resources/kinds.ts';
import { outputOption, printResources, renderData } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReferences } from '../resources/references.ts';
import type { References } from '../resources/references.ts';
import { renderTable } from '../text/table.ts';
import { watchResources } from '../resources/watch-resources.ts';
import { parseWholeNumber } from './whole-number.ts';

interface FilterOptions {
  readonly selector?: string;
  readonly lifecycle?: string;
  readonly plan?: string;
  readonly template?: string;
  readonly region?: string;
  readonly prefix?: string;
  readonly condition?: string;
  readonly showDeleted?: true;
}

interface GetOptions extends FilterOptions {
  readonly name?: string;
  readonly limit?: number;
  readonly at?: string;
  readonly watch?: true;
  readonly output: OutputFormat;
}

const examples = `
KIND is one of ${kindWords.join(', ')}.

Examples:
  tenure get tenants                       all tenants you may see
  tenure get tenant acme globex            two of them
  tenure get tenant/acme -o yaml           as a manifest that apply takes
  tenure get tenant acme --at 3 -o yaml    as generation 3 declared it
  tenure get tenant acme --at 2026-11-21T14:30:00Z
  tenure get tenants -l 'env=prod,tier in (gold,silver),!canary'
  tenure get tenants --lifecycle Active --condition Ready=False
  tenure get tenants --template startup    those of a template, with the version of each
  tenure get plans -o json                 {"items": [...]}
  tenure get operations --limit 10         the latest ten
  tenure get tenants -w                    and then each as it changes, until Ctrl-C
  tenure get tenant/acme -w -o json        one object a line, each time it changes
  tenure get operations -w                 operations as they come and go on
  tenure get tombstones --name acme        what is left of purged tenants of that name`;

export function addGet(program: Command, context: CommandContext): void {
  program
    .command('get')
    .summary('print resources')
    .description('Print resources: all of a kind, those named, or those that fit every filter given.')
    .argument('<kind[/name]>', 'kind of resource')
    .argument('[name...]', 'names')
    .option('-l, --selector <selector>', 'tenants with such labels, as in Kubernetes')
    .option('--lifecycle <states>', 'tenants in one of these states, with commas between them')
    .option('--plan <name>', 'tenants of this plan')
    .option('--template <name>', 'tenants, or roll-outs, of this template')
    .option('--region <name>', 'tenants that are placed in this region')
    .option('--prefix <text>', 'tenants whose name begins so')
    .option('--condition <condition>', 'tenants with TYPE=STATUS or TYPE!=STATUS')
    .option('--show-deleted', 'deleted tenants too')
    .option('--name <name>', 'tombstones of tenants that had this name')
    .option('--limit <count>', 'print at most so many of a list', parseWholeNumber)
    .option('-w, --watch', 'go on with tenants, or operations, as they change')
    .addOption(new Option('--at <generation|time>', 'one tenant as it was declared then'))
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((first: string, rest: string[], options: GetOptions) => get([first, ...rest], options, context));
}

function tenantFilter({
  selector,
  lifecycle,
  plan,
  template,
  region,
  prefix,
  condition,
  showDeleted,
}: FilterOptions): TenantFilter {
  const texts = { labelSelector: selector, lifecycle, plan, template, region, namePrefix: prefix, condition };
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)),
    ...(showDeleted === true ? { showDeleted: 'true' } : {}),
  };
}

function filterableBy({ singular }: ResourceKind, filter: string): boolean {
  if (singular === 'tombstone') return filter === 'name';
  if (singular === 'roll-out') return filter === 'template';
  return singular === 'tenant' && filter !== 'name';
}

function refuseMisplaced(
  { kind, names }: References,
  filter: TenantFilter & TombstoneFilter,
  at: string | undefined,
): void {
  const filters = Object.keys(filter);
  const filtered = filters.length > 0;
  if (filters.some((each) => !filterableBy(kind, each)))
    throw usageFailure(
      `${kind.plural} cannot be filtered so`,
      'leave the filter out; which filters there are says: tenure get --help',
    );
  if (filtered && names.length > 0)
    throw usageFailure('a filter and names do not go together', 'give one or the other');
  if (at !== undefined && (kind.singular !== 'tenant' || names.length !== 1))
    throw usageFailure('--at is for one tenant', 'write: get tenant NAME --at GENERATION');
}

async function get(references: readonly string[], options: GetOptions, context: CommandContext): Promise<void> {
  const { limit, at, output } = options;
  const asked = parseReferences(references);
  const filter = { ...tenantFilter(options), ...(options.name === undefined ? {} : { name: options.name }) };
  refuseMisplaced(asked, filter, at);
  const { kind, names } = asked;
  const [name] = names;
  if (options.watch === true) {
    if (at !== undefined || limit !== undefined || names.length > 1)
      throw usageFailure('--watch goes with one name, or with filters', 'leave out --at, --limit and further names');
    return watchResources(context.connect(), { kind, name, filter, output }, context.terminal);
  }
  if (at !== undefined && name !== undefined) return getAt(name, at, output, context);
  const api = context.connect();
  if (names.length === 0)
    return printResources(context.terminal, output, kind, await kind.list(api, limit, filter), false);
  await getNamed(api, asked, output, context.terminal);
}

/** Prints those that there are. @throws CliFailure with what stands against each other one, and the exit of the worst */
async function getNamed(
  api: ApiClient,
  { kind, names }: References,
  output: OutputFormat,
  terminal: Terminal,
): Promise<void> {
  const items: Listed[] = [];
  const failures: CliFailure[] = [];
  for (const name of names) {
    try {
      items.push(await kind.get(api, name));
    } catch (error) {
      failures.push(asFailure(error, terminal, { reference: `${kind.singular}/${name}` }));
      if (terminal.interrupted.aborted || concernsAll(error)) break;
    }
  }
  const single = names.length === 1;
  if (items.length > 0 || (!single && output !== 'table')) printResources(terminal, output, kind, items, single);
  if (failures.length > 0) throw joinFailures(failures);
}

async function getAt(
  name: string,
  at: string,
  output: OutputFormat,
  { terminal: { stdout, paintOut }, connect }: CommandContext,
): Promise<void> {
  const body = await readTenantAt(connect(), name, at);
  stdout.write(
    output === 'table'
      ? renderTable(tenantRevisionColumns, [body], paintOut)
      : renderData(output, { items: [{ kind: tenantKind, listed: { name, body } }], single: true }),
  );
}
