import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { readCertificates, contextOrigin, serverUrl } from '../connection.ts';
import {
  contextNamed,
  contextStorePath,
  readContexts,
  requireContextName,
  writeContexts,
} from '../contexts/context-store.ts';
import type { ContextFile, NamedContext } from '../contexts/context-store.ts';
import { contextInEffect } from '../contexts/selected-context.ts';
import { attempt, usageFailure } from '../failure.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { printable } from '../text/printable.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';

const examples = `
Examples:
  tenure context set prod --server https://tenure.example --token-file ~/.config/tenure/prod.token
  tenure context use prod                  the default from now on; flags, environment and this folder override it
  tenure context list
  tenure --context staging get tenants     another context, for this command only

Contexts are stored in $XDG_CONFIG_HOME/tenure/config.json (default: ~/.config), readable only by you. The token stays in its own
file and is sent only to the server of its context. The first of these selects the context: --context; TENURE_CONTEXT_NAME, or
TENURE_CONTEXT with the path of a file; .tenure/context.json in this folder, which npm start writes; "tenure context use";
.tenure/context.json next to the program.`;

interface Row extends NamedContext {
  readonly name: string;
  readonly current: boolean;
}

const columns: readonly Column<Row>[] = [
  { title: 'CURRENT', value: ({ current }) => (current ? '*' : ' ') },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'SERVER', value: ({ server }) => server },
  { title: 'TOKEN-FILE', value: ({ tokenFile }) => tokenFile ?? '' },
];

type Data = Exclude<OutputFormat, 'name'>;

export function addContext(program: Command, context: CommandContext): void {
  const group = program
    .command('context')
    .summary('manage named APIs and switch between them')
    .description('Manage contexts: named APIs, each with its token file. Switch between them.')
    .helpCommand(false)
    .addHelpText('after', examples);

  group
    .command('list')
    .summary('list the contexts')
    .description('List the contexts. An asterisk marks the current one.')
    .addOption(outputOption())
    .addHelpText('after', '\nExamples:\n  tenure context list\n  tenure context list -o name')
    .action(({ output }: { readonly output: OutputFormat }) => list(output, context));

  group
    .command('show')
    .summary('show the context in effect')
    .description('Show the context in effect and what selected it, or the context with this name.')
    .argument('[name]', 'context')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText(
      'after',
      '\nExamples:\n  tenure context show\n  tenure context show prod -o json\n\nTo show every value with its origin: tenure config explain.',
    )
    .action((name: string | undefined, { output }: { readonly output: Data }) => show(name, output, context));

  group
    .command('use')
    .summary('set the current context')
    .description('Set the current context.')
    .argument('<name>', 'context')
    .addHelpText('after', '\nExamples:\n  tenure context use prod')
    .action((name: string) => use(name, context));

  group
    .command('set')
    .summary('create or change a context')
    .description(
      'Create or change a context. Set its values with --server, --token-file and --ca-file; others stay as they are.',
    )
    .argument('<name>', 'context')
    .addHelpText(
      'after',
      '\nExamples:\n  tenure context set prod --server https://tenure.example --token-file prod.token\n  tenure context set prod --token-file new.token\n  tenure context set prod --ca-file company-ca.pem   for an API with a certificate from your own CA',
    )
    .action((name: string) => set(requireContextName(name), context));

  group
    .command('delete')
    .summary('delete a context')
    .description('Delete a context. Its token file is not deleted.')
    .argument('<name>', 'context')
    .addHelpText('after', '\nExamples:\n  tenure context delete staging')
    .action((name: string) => remove(name, context));
}

function store({ sources }: CommandContext): { readonly path: string; readonly file: ContextFile } {
  const path = contextStorePath(sources().environment);
  if (path === undefined) throw usageFailure('there is no configuration folder', 'set HOME or XDG_CONFIG_HOME');
  return { path, file: readContexts(path) };
}

function list(output: OutputFormat, context: CommandContext): void {
  const { stdout, stderr, paintOut } = context.terminal;
  const { file } = store(context);
  const rows = Object.entries(file.contexts).map(([name, named]): Row => ({
    name,
    current: name === file.current,
    ...named,
  }));
  if (output === 'name') stdout.write(rows.map(({ name }) => `${name}\n`).join(''));
  else if (output !== 'table') stdout.write(renderObject(output, { items: rows }));
  else if (rows.length === 0)
    stderr.write('no contexts; create one: tenure context set NAME --server URL --token-file PATH\n');
  else stdout.write(renderTable(columns, rows, paintOut));
}

function show(name: string | undefined, output: Data, context: CommandContext): void {
  const sources = context.sources();
  const selected = contextInEffect(name === undefined ? sources : { ...sources, flags: { context: name } });
  if (selected === undefined)
    throw usageFailure(
      'no context is in effect',
      'create one: tenure context set NAME --server URL --token-file PATH; then: tenure context use NAME',
    );
  const { server, tokenFile, caFile, selectedBy } = selected;
  const shown = {
    ...(selected.name === undefined ? {} : { name: selected.name }),
    server,
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(caFile === undefined ? {} : { caFile }),
    path: selected.path,
    ...(name === undefined ? { selectedBy } : {}),
  };
  if (output !== 'table') context.terminal.stdout.write(renderObject(output, shown));
  else
    context.terminal.stdout.write(
      renderFields([
        ['Context', selected.name ?? selected.path],
        ['Server', server],
        ['Token file', tokenFile],
        ['CA file', caFile],
        ['File', selected.path],
        ['Selected by', name === undefined ? selectedBy : undefined],
      ]),
    );
}

function use(name: string, context: CommandContext): void {
  const { path, file } = store(context);
  contextNamed(name, file, path);
  writeContexts(path, { ...file, current: name });
  context.terminal.stdout.write(`context ${name} is now the current context\n`);
  // The context is set; something else may still override it.
  const { found, failure } = attempt(() => contextInEffect(context.sources()));
  const { stderr } = context.terminal;
  if (failure !== undefined)
    stderr.write(
      `note: something overrides it here and cannot be used: ${printable(failure.report.replace(/^error: /, ''))}\n`,
    );
  else if (found !== undefined && found.name !== name)
    stderr.write(`note: ${contextOrigin(found)} overrides it here (${found.selectedBy})\n`);
}

function set(name: string, context: CommandContext): void {
  const { path, file } = store(context);
  const { flags, workingDirectory } = context.sources();
  const before = Object.hasOwn(file.contexts, name) ? file.contexts[name] : undefined;
  const server = flags.server === undefined ? before?.server : serverUrl(flags.server);
  if (server === undefined)
    throw usageFailure(`context "${name}" has no server`, `write: context set ${name} --server URL --token-file PATH`);
  const tokenFile = flags.tokenFile === undefined ? before?.tokenFile : resolve(workingDirectory, flags.tokenFile);
  if (
    flags.server !== undefined &&
    before !== undefined &&
    server !== before.server &&
    flags.tokenFile === undefined &&
    tokenFile !== undefined
  ) {
    throw usageFailure(
      `the token of context "${name}" is for ${before.server}, not for ${server}`,
      'also set --token-file',
    );
  }
  const caFile = flags.caFile === undefined ? before?.caFile : resolve(workingDirectory, flags.caFile);
  if (flags.caFile !== undefined && caFile !== undefined) readCertificates(caFile);
  writeContexts(path, {
    ...file,
    contexts: {
      ...file.contexts,
      [name]: {
        server,
        ...(tokenFile === undefined ? {} : { tokenFile }),
        ...(caFile === undefined ? {} : { caFile }),
      },
    },
  });
  context.terminal.stdout.write(`context ${name} ${before === undefined ? 'created' : 'changed'}\n`);
  if (file.current !== name)
    context.terminal.stderr.write(`to make it the current context: tenure context use ${name}\n`);
}

function remove(name: string, context: CommandContext): void {
  const { path, file } = store(context);
  contextNamed(name, file, path);
  const { [name]: _, ...contexts } = file.contexts;
  const { current } = file;
  writeContexts(path, { ...(current === undefined || current === name ? {} : { current }), contexts });
  context.terminal.stdout.write(`context ${name} deleted\n`);
  if (current === name) context.terminal.stderr.write('there is no current context now\n');
}
