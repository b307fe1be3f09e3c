import { Option } from 'commander';
import { stringify } from 'yaml';
import type { Terminal } from '../command-context.ts';
import type { Listed, ResourceKind } from './kinds.ts';

export const outputFormats = ['table', 'json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** `-o`, where some of the formats may make no sense. */
export function outputOption(formats: readonly OutputFormat[] = outputFormats): Option {
  return new Option('-o, --output <format>', 'how to print').choices([...formats]).default('table');
}

/** With `compat`, text such as `NO` is quoted: readers of YAML 1.1 take it for false. */
const yamlOptions = { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const;

/** What is printed: resources with their kinds, and whether one alone was asked for. */
export interface Printed {
  readonly items: readonly { readonly kind: ResourceKind; readonly listed: Listed }[];
  readonly single: boolean;
}

/** One object of the API as it was answered. */
export function renderObject(format: 'json' | 'yaml', body: unknown): string {
  return format === 'json' ? `${JSON.stringify(body, undefined, 2)}\n` : stringify(body, yamlOptions);
}

/**
 * The formats for programs. `json` is the API's object, or `{"items": […]}` where several may come; `yaml` is one document
 * each, which `apply` takes back; `name` is `kind/name` line by line.
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
