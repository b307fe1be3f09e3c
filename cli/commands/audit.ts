import { Option } from 'commander';
import type { Command } from 'commander';
import { ledgerOutcomes } from '../../contracts/ledger-entry.ts';
import type { LedgerOutcome } from '../../contracts/ledger-entry.ts';
import type { CommandContext } from '../command-context.ts';
import { describeEntry } from '../resources/describe-entry.ts';
import { explainOperation } from '../resources/explain-operation.ts';
import { entryKind } from '../resources/kinds.ts';
import { outputOption, printResources, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { addAuditExport } from './audit-export.ts';
import { parsePointInTime, parseWholeNumber } from './option-values.ts';

type AuditFormat = Exclude<OutputFormat, 'name'>;

interface SearchOptions {
  readonly tenant?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: LedgerOutcome;
  readonly since?: string;
  readonly until?: string;
  readonly request?: string;
  readonly correlation?: string;
  readonly operation?: string;
  readonly limit: number;
  readonly output: AuditFormat;
}

const defaultLimit = 50;

const examples = `
Examples:
  tenure audit search --tenant acme --since 7d
  tenure audit get ID
  tenure audit explain OPERATION
  tenure audit export DIRECTORY`;

const searchExamples = `
Examples:
  tenure audit search                      the latest ${defaultLimit} entries, newest first
  tenure audit search --tenant acme --since 7d
  tenure audit search --actor alice@example.com --action 'tenant.*'
  tenure audit search --outcome denied --since 24h
  tenure audit search --target plan/startup -o json
  tenure audit search --correlation onboarding-42`;

const getExamples = `
Examples:
  tenure audit get ID                      one entry, as text
  tenure audit get ID -o json              the entry itself, and its place in the log`;

const explainExamples = `
Examples:
  tenure audit explain OPERATION           who asked for it, what policy decided, what was done, and how it ended`;

export function addAudit(program: Command, context: CommandContext): void {
  const audit = program
    .command('audit')
    .summary('search, export and verify the ledger')
    .description('Search the ledger: every change, every use of a credential, and every refusal. Export and verify it.')
    .helpCommand(false)
    .addHelpText('after', examples);
  audit
    .command('search')
    .summary('find entries')
    .description('Print the entries that match every option, newest first.')
    .option('--tenant <name|uid>', 'entries about this tenant; a purged tenant is found by its uid')
    .option('--actor <subject>', 'who did it, or on whose behalf')
    .option('--action <action>', 'such as tenant.suspend; tenant.* stands for all that begin so')
    .option('--target <kind/name>', 'what it was done to, such as plan/startup')
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices([...ledgerOutcomes]))
    .option('--since <time|duration>', 'from this time on, or since so long ago', parsePointInTime)
    .option('--until <time|duration>', 'before this time, or until so long ago', parsePointInTime)
    .option('--request <id>', 'id of the request')
    .option('--correlation <id>', 'correlation id of the request')
    .option('--operation <id>', 'id of the operation')
    .option('--limit <count>', 'print at most this many', parseWholeNumber, defaultLimit)
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', searchExamples)
    .action((options: SearchOptions) => search(options, context));
  audit
    .command('get')
    .summary('show one entry')
    .description('Show one entry of the ledger, and its place in the log.')
    .argument('<id>', 'id of the entry')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', getExamples)
    .action((id: string, { output }: { readonly output: AuditFormat }) => getEntry(id, output, context));
  audit
    .command('explain')
    .summary('tell the story of one operation')
    .description('Tell the story of one operation from the ledger, in order.')
    .argument('<operation>', 'id of the operation')
    .addHelpText('after', explainExamples)
    .action(async (id: string) => {
      const { terminal, connect } = context;
      terminal.stdout.write(await explainOperation(connect(), id, terminal.paintOut));
    });
  addAuditExport(audit, context);
}

async function search(
  { limit, output, since, until, request, correlation, operation, ...filter }: SearchOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const query = {
    ...filter,
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
    ...(request === undefined ? {} : { requestId: request }),
    ...(correlation === undefined ? {} : { correlationId: correlation }),
    ...(operation === undefined ? {} : { operationId: operation.replace(/^operations?\//, '') }),
  };
  printResources(terminal, output, entryKind, await entryKind.list(connect(), limit, query), false);
}

async function getEntry(
  id: string,
  output: AuditFormat,
  { terminal: { stdout }, connect }: CommandContext,
): Promise<void> {
  const { body } = await connect().call('getAuditEntry', { params: { id } });
  stdout.write(output === 'table' ? describeEntry(body) : renderObject(output, body));
}
