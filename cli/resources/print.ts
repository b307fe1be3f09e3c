import { Option } from 'commander';
import { stringify } from 'yaml';
import type { Terminal } from '../command-context.ts';
import type { Listed, ResourceKind } from './kinds.ts';

export const outputFormats = ['table', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** `-o`, with the formats that make sense for the command. */
export function outputOption(formats: readonly OutputFormat[] = outputFormats): Option {
  return new Option('-o, --output <format>', 'output format').choices([...formats]).default('table');
}

/** `compat` quotes text such as `NO`, which YAML 1.1 parsers read as false. */
const yamlOptions = { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const;

/** The resources to print, with their kinds; `single` if exactly one was requested. */
export interface Printed {
  readonly items: readonly { readonly kind: ResourceKind; readonly listed: Listed }[];
  readonly single: boolean;
}

/** One object as the API answered it. */
export function renderObject(format: 'json' | 'yaml', body: unknown): string {
  return format === 'json' ? `${JSON.stringify(body, undefined, 2)}\n` : stringify(body, yamlOptions);
}

/**
 * The formats for programs. `json` is the object of the API, or `{"items": […]}` for a list. `yaml` is one document per
 * resource, which `apply` accepts. `name` is one `kind/name` per line.
 */
export function renderData(format: Exclude<OutputFormat, 'table'>, { items, single }: Printed): string {
  const bodies = items.map(({ listed }) => listed.body);
  switch (format) {
    case 'json':
      return renderObject(format, single ? bodies[0] : { items: bodies });
    case 'yaml':
      return bodies.map((body) => renderObject(format, body)).join('---\n');
    case 'name':
      return items.map(({ kind, listed }) => `${kind.singular}/${listed.name}\n`).join('');
  }
}

/** Prints resources of one kind to stdout. An empty list in a table is a message, not data. */
export function printResources(
  { stdout, stderr, paintOut }: Terminal,
  format: OutputFormat,
  kind: ResourceKind,
  items: readonly Listed[],
  single: boolean,
): void {
  if (format !== 'table')
    stdout.write(renderData(format, { items: items.map((listed) => ({ kind, listed })), single }));
  else if (items.length === 0) stderr.write(`no ${kind.plural}\n`);
  else stdout.write(kind.renderTable(items, paintOut));
}

/** Writes lines for people: to stdout if the output is a table, and to stderr if stdout is for a program. */
export function lineWriter({ stdout, stderr }: Terminal, output: OutputFormat): (line: string) => void {
  return (line) => void (output === 'table' ? stdout : stderr).write(`${line}\n`);
}
