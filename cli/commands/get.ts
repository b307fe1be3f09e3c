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
import { parseWholeNumber } from './option-values.ts';

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
  tenure get tenants                       all tenants you are allowed to see
  tenure get tenant acme globex            two tenants
  tenure get tenant/acme -o yaml           as a manifest for apply
  tenure get tenant acme --at 3 -o yaml    as declared in generation 3
  tenure get tenant acme --at 2026-11-21T14:30:00Z
  tenure get tenants -l 'env=prod,tier in (gold,silver),!canary'
  tenure get tenants --lifecycle Active --condition Ready=False
  tenure get tenants --template startup    the tenants of a template, with their versions
  tenure get plans -o json                 {"items": [...]}
  tenure get operations --limit 10         the latest 10
  tenure get tenants -w                    list, then print each change until Ctrl-C
  tenure get tenant/acme -w -o json        one JSON object per line for each change
  tenure get operations -w                 new operations and their progress
  tenure get event ID -o json              one event; for the latest ones: tenure events
  tenure get tombstones --name acme        records of purged tenants with this name`;

export function addGet(program: Command, context: CommandContext): void {
  program
    .command('get')
    .summary('print resources')
    .description('Print resources: all of a kind, those with the given names, or those that match every filter.')
    .argument('<kind[/name]>', 'kind of resource')
    .argument('[name...]', 'names')
    .option('-l, --selector <selector>', 'tenants whose labels match, as in Kubernetes')
    .option('--lifecycle <states>', 'tenants in one of these states, comma-separated')
    .option('--plan <name>', 'tenants with this plan')
    .option('--template <name>', 'tenants or roll-outs of this template')
    .option('--region <name>', 'tenants placed in this region')
    .option('--prefix <text>', 'tenants whose name starts with this text')
    .option('--condition <condition>', 'tenants with TYPE=STATUS or TYPE!=STATUS')
    .option('--show-deleted', 'include deleted tenants')
    .option('--name <name>', 'tombstones of tenants that had this name')
    .option('--limit <count>', 'print at most this many', parseWholeNumber)
    .option('-w, --watch', 'after the list, print tenants or operations as they change')
    .addOption(new Option('--at <generation|time>', 'one tenant as it was declared in that generation or at that time'))
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

function refuseMisplacedFilters(
  { kind, names }: References,
  filter: TenantFilter & TombstoneFilter,
  at: string | undefined,
): void {
  const filters = Object.keys(filter);
  const filtered = filters.length > 0;
  if (filters.some((name) => !filterableBy(kind, name)))
    throw usageFailure(
      `${kind.plural} do not have this filter`,
      'remove the filter; for the list of filters run: tenure get --help',
    );
  if (filtered && names.length > 0) throw usageFailure('filters and names cannot be combined', 'use one or the other');
  if (at !== undefined && (kind.singular !== 'tenant' || names.length !== 1))
    throw usageFailure('--at needs exactly one tenant', 'write: get tenant NAME --at GENERATION');
}

async function get(references: readonly string[], options: GetOptions, context: CommandContext): Promise<void> {
  const { limit, at, output } = options;
  const parsed = parseReferences(references);
  const filter = { ...tenantFilter(options), ...(options.name === undefined ? {} : { name: options.name }) };
  refuseMisplacedFilters(parsed, filter, at);
  const { kind, names } = parsed;
  const [name] = names;
  if (options.watch === true) {
    if (at !== undefined || limit !== undefined || names.length > 1)
      throw usageFailure('--watch takes one name, or filters', 'remove --at, --limit and all but one name');
    return watchResources(context.connect(), { kind, name, filter, output }, context.terminal);
  }
  if (at !== undefined && name !== undefined) return getAt(name, at, output, context);
  const api = context.connect();
  if (names.length === 0)
    return printResources(context.terminal, output, kind, await kind.list(api, limit, filter), false);
  await getNamed(api, parsed, output, context.terminal);
}

/** Prints those that exist. @throws CliFailure with the error of each other one, and the highest exit code */
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
