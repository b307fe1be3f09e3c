import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { AccessVerdict } from '../../contracts/access.ts';
import type { PolicyAction } from '../../contracts/policy.ts';
import type { CommandContext } from '../command-context.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { actionOf, checkableActions } from '../resources/access-actions.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReferences } from '../resources/references.ts';
import { withArticle } from '../text/wording.ts';
import { renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';

interface CanIOptions {
  readonly list?: true;
  readonly output: Exclude<OutputFormat, 'name'>;
}

const examples = `
Examples:
  tenure can-i suspend tenant/acme         print yes, or no with the reason
  tenure can-i apply plan                  any plan
  tenure can-i --list                      every verb
  tenure can-i --list tenant/acme          every verb on one tenant
  tenure can-i purge tenant/acme && tenure purge acme

Only policy is checked, not the state of the tenant. The check itself leaves no entry in the ledger.
Exits with 0 for yes and 5 for no; always 0 with --list.`;

interface Answer extends AccessVerdict {
  readonly verb: string;
  readonly kind: string;
}

const columns: readonly Column<Answer>[] = [
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'VERB', value: ({ verb }) => verb },
  { title: 'ALLOWED', value: ({ allowed }) => (allowed ? 'yes' : 'no') },
  { title: 'WHY-NOT', value: ({ denials }) => denials.map(({ message }) => message).join(' ') },
];

export function addCanI(program: Command, context: CommandContext): void {
  program
    .command('can-i')
    .summary('check whether policy allows an action')
    .description('Check whether policy allows the caller to do something.')
    .argument('[verb]', 'such as suspend or list; omit it with --list')
    .argument('[kind[/name]]', 'the resource to do it to')
    .option('--list', 'list every verb')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((first: string | undefined, second: string | undefined, options: CanIOptions) =>
      options.list === true ? list(first, second, options, context) : checkOne(first, second, options, context),
    );
}

async function checkOne(
  verb: string | undefined,
  reference: string | undefined,
  { output }: CanIOptions,
  { terminal: { stdout, stderr }, connect }: CommandContext,
): Promise<void> {
  if (verb === undefined || reference === undefined)
    throw usageFailure('no verb or no kind is given', 'write: can-i VERB KIND[/NAME], or can-i --list');
  const { kind, name } = parseOne(reference);
  const verdict = await check(connect(), actionOf(verb, kind), name);
  stdout.write(output === 'table' ? `${verdict.allowed ? 'yes' : 'no'}\n` : renderObject(output, verdict));
  if (verdict.allowed) return;
  if (output === 'table')
    stderr.write(
      verdict.denials
        .map(
          ({ rule, message, allowed, fix }) =>
            `${rule}: ${message}\n${allowed === undefined ? '' : `  allowed: ${allowed.join(', ')}\n`}  fix: ${fix}\n`,
        )
        .join(''),
    );
  throw new CliFailure('denied', '');
}

async function list(
  reference: string | undefined,
  surplus: string | undefined,
  { output }: CanIOptions,
  { terminal: { stdout, paintOut }, connect }: CommandContext,
): Promise<void> {
  if (surplus !== undefined)
    throw usageFailure('--list takes no verb', 'write: can-i --list, or can-i --list KIND[/NAME]');
  const about = reference === undefined ? undefined : parseOne(reference);
  const selected = checkableActions.filter(({ kind }) => about === undefined || kind === about.kind.singular);
  if (selected.length === 0)
    throw usageFailure(
      `policy has no separate rules for ${withArticle(about?.kind.singular ?? 'resource')}`,
      'list the verbs for tenants instead: can-i --list tenant',
    );
  const api = connect();
  const answers = await Promise.all(
    selected.map(async ({ action, kind, verb }): Promise<Answer> => ({
      kind,
      verb,
      ...(await check(api, action, about?.name)),
    })),
  );
  stdout.write(output === 'table' ? renderTable(columns, answers, paintOut) : renderObject(output, { items: answers }));
}

function parseOne(reference: string) {
  const { kind, names } = parseReferences([reference]);
  return { kind, name: names[0] };
}

async function check(api: ApiClient, action: PolicyAction, name: string | undefined): Promise<AccessVerdict> {
  return (await api.call('checkAccess', { query: { action, ...(name === undefined ? {} : { name }) } })).body;
}
