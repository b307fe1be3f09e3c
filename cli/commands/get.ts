import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { kindWords } from '../resources/kinds.ts';
import { outputOption, printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { parseReferences } from '../resources/references.ts';

interface GetOptions {
  readonly limit?: number;
  readonly output: OutputFormat;
}

const examples = `
KIND is one of ${kindWords.join(', ')}.

Examples:
  tenure get tenants                       all tenants you may see
  tenure get tenant acme globex            two of them
  tenure get tenant/acme -o yaml           as a manifest that apply takes
  tenure get plans -o json                 {"items": [...]}
  tenure get operations --limit 10         the latest ten`;

export function addGet(program: Command, context: CommandContext): void {
  program
    .command('get')
    .summary('print resources')
    .description('Print resources: all of a kind, or those named.')
    .argument('<kind[/name]>', 'kind of resource')
    .argument('[name...]', 'names')
    .option('--limit <count>', 'print at most so many of a list', parseLimit)
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((first: string, rest: string[], options: GetOptions) => get([first, ...rest], options, context));
}

async function get(references: readonly string[], { limit, output }: GetOptions, { terminal, connect }: CommandContext): Promise<void> {
  const { kind, names } = parseReferences(references);
  const api = connect();
  const items = [];
  if (names.length === 0) items.push(...(await kind.list(api, limit)));
  for (const name of names) items.push(await kind.get(api, name));
  printResources(terminal, output, kind, items, names.length === 1);
}

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new InvalidArgumentError('Write a whole number above zero.');
  return limit;
}
