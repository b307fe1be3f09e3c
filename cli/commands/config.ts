import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { findCaFile, findServer, findToken } from '../connection.ts';
import type { ConnectionSources } from '../connection.ts';
import { contextStorePath } from '../contexts/context-store.ts';
import { contextInEffect } from '../contexts/selected-context.ts';
import { attempt, CliFailure } from '../failure.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';

const examples = `
Examples:
  tenure config explain                    each value and its origin; the token is hidden
  tenure --context prod config explain -o json

Sends nothing. Exits with 2 if a value is missing or wrong. For the settings of a process: node api/main.ts --explain-config.`;

interface ExplainedValue {
  readonly setting: string;
  readonly value: string;
  readonly origin: string;
  /** What is wrong with the value, and the fix. */
  readonly flaw?: string;
}

const columns: readonly Column<ExplainedValue>[] = [
  { title: 'SETTING', value: ({ setting }) => setting },
  { title: 'VALUE', value: ({ value }) => value },
  { title: 'ORIGIN', value: ({ origin }) => origin },
];

export function addConfig(program: Command, context: CommandContext): void {
  program
    .command('config')
    .summary('show where each setting of this command comes from')
    .description('Inspect the settings of this command.')
    .helpCommand(false)
    .addHelpText('after', examples)
    .command('explain')
    .summary('show where each setting of this command comes from')
    .description(
      'Show the values this command uses, and whether each comes from a flag, the environment, a context or a default.',
    )
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action(({ output }: { readonly output: Exclude<OutputFormat, 'name'> }) => explain(output, context));
}

function explain(
  output: Exclude<OutputFormat, 'name'>,
  { terminal: { stdout, paintOut }, sources }: CommandContext,
): void {
  const values = explainSettings(sources());
  stdout.write(output === 'table' ? renderTable(columns, values, paintOut) : renderObject(output, { items: values }));
  const flaws = values.flatMap(({ flaw }) => (flaw === undefined ? [] : [flaw]));
  if (flaws.length > 0) throw new CliFailure('usage', flaws.join('\n'));
}

/** Every value that the command uses. A value that cannot be found has its flaw, which is reported once. */
function explainSettings(sources: ConnectionSources): ExplainedValue[] {
  const { environment } = sources;
  const line = (
    setting: string,
    value: string | undefined,
    origin: string | undefined,
    flaw?: string,
  ): ExplainedValue => ({
    setting,
    value: value ?? '',
    origin: origin ?? (flaw === undefined ? 'not set' : 'not usable'),
    ...(flaw === undefined ? {} : { flaw }),
  });

  const context = attempt(() => contextInEffect(sources));
  const server = attempt(() => findServer(sources, context.found));
  const token = attempt(() => findToken(sources, context.found, server.found?.value ?? ''));
  const read = attempt(() => token.found?.read());
  // A flaw that only follows from another one is not reported.
  const serverFlaw = context.failure === undefined ? server.failure?.report : undefined;
  const caFile = server.found === undefined ? undefined : findCaFile(sources, context.found, server.found.value);
  const proxies = Object.keys(environment.proxies ?? {}).filter((name) => !/^no_proxy$/i.test(name));
  const storePath = contextStorePath(environment);
  return [
    line('context', context.found?.name ?? context.found?.path, context.found?.selectedBy, context.failure?.report),
    line('contexts in', storePath, storePath === undefined ? undefined : environment.configHomeOrigin),
    line('server', server.found?.value, server.found?.origin, serverFlaw),
    line(
      'token',
      read.found === undefined ? undefined : '(hidden)',
      read.found === undefined ? undefined : token.found?.origin,
      server.found === undefined ? undefined : (token.failure ?? read.failure)?.report,
    ),
    line('token file', token.found?.path, token.found?.path === undefined ? undefined : token.found.origin),
    line('ca file', caFile?.value ?? 'public authorities', caFile?.origin ?? 'default'),
    line('proxy', proxies.length === 0 ? 'none' : proxies.join(', '), proxies.length === 0 ? 'default' : 'environment'),
    line(
      'colour',
      environment.noColor ? 'never' : 'on a terminal',
      environment.noColor ? 'environment NO_COLOR' : 'default',
    ),
    line('called as', environment.calledAs, 'command line'),
  ];
}
