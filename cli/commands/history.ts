import type { Command } from 'commander';
import type { RevisionSummary } from '../../contracts/tenant-revision.ts';
import type { CommandContext } from '../command-context.ts';
import { historyColumns } from '../resources/columns.ts';
import { tenantKind } from '../resources/kinds.ts';
import { outputOption, renderData } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseTenantReference } from '../resources/references.ts';
import { renderTable } from '../text/table.ts';
import { parseWholeNumber } from './option-values.ts';

type HistoryFormat = Exclude<OutputFormat, 'name'>;

interface HistoryOptions {
  readonly limit?: number;
  readonly output: HistoryFormat;
}

const maxPageSize = 500;

const examples = `
Examples:
  tenure history tenant acme               every generation, newest first
  tenure history tenant/acme --limit 5     the latest five
  tenure history tenant acme -o json       {"items": [...]}

To show one generation: tenure get tenant acme --at 3. To compare two: tenure diff tenant acme --from 2 --to 3.`;

export function addHistory(program: Command, context: CommandContext): void {
  program
    .command('history')
    .summary('list the generations of a tenant')
    .description(
      'List the generations of a tenant, newest first: when each was declared, by whom, and what it changed.',
    )
    .argument('<kind[/name]>', 'tenant')
    .argument('[name]', 'its name')
    .option('--limit <count>', 'print at most this many', parseWholeNumber)
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((first: string, name: string | undefined, options: HistoryOptions) =>
      history(name === undefined ? [first] : [first, name], options, context),
    );
}

async function history(
  reference: readonly string[],
  { limit = Infinity, output }: HistoryOptions,
  { terminal: { stdout, paintOut }, connect }: CommandContext,
): Promise<void> {
  const name = parseTenantReference(reference);
  const api = connect();
  const revisions: RevisionSummary[] = [];
  let pageToken: string | undefined;
  do {
    const pageSize = Math.min(maxPageSize, limit - revisions.length);
    const { body } = await api.call('listTenantRevisions', {
      params: { name },
      query: { pageSize, ...(pageToken === undefined ? {} : { pageToken }) },
    });
    revisions.push(...body.items);
    pageToken = body.nextPageToken;
  } while (pageToken !== undefined && revisions.length < limit);
  stdout.write(
    output === 'table'
      ? renderTable(historyColumns, revisions, paintOut)
      : renderData(output, {
          items: revisions.map((body) => ({ kind: tenantKind, listed: { name, body } })),
          single: false,
        }),
  );
}
