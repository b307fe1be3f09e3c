import { Option } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { RolloutPreview } from '../../contracts/rollout.ts';
import type { CommandContext } from '../command-context.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { templateName } from '../resources/references.ts';
import { renderRolloutPreview } from '../resources/rollout-preview.ts';
import { describeByRoute } from './verb-options.ts';
import { parseWholeNumber } from './whole-number.ts';

/** Which version is meant for which tenants. */
export interface RolloutScope {
  readonly version?: number;
  readonly selector?: string;
}

interface PreviewOptions extends RolloutScope {
  readonly output: Exclude<OutputFormat, 'name'>;
}

const pageSize = 500;

const examples = `
Examples:
  tenure roll-out preview startup                  the latest version
  tenure roll-out preview startup --version 2      what going back to version 2 would change
  tenure roll-out preview startup -l 'ring=canary' -o json

Nothing is changed. Tenants that would change in the same way are shown together; those that policy or the tenant's state refuses
are named with the reason.`;

export function addRolloutPreview(group: Command, context: CommandContext): void {
  addScopeOptions(describeByRoute(group.command('preview'), 'previewRollout').summary('say which tenants a version would change, and in what').argument('<template>', 'template'))
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((reference: string, options: PreviewOptions) => preview(templateName(reference), options, context));
}

export function addScopeOptions(command: Command): Command {
  return command
    .addOption(new Option('--version <number>', 'version of the template (default: the latest)').argParser(parseWholeNumber))
    .option('-l, --selector <selector>', 'only tenants with such labels, as in Kubernetes');
}

async function preview(name: string, { version: wanted, selector, output }: PreviewOptions, { terminal: { stdout, stderr, paintOut }, connect }: CommandContext): Promise<void> {
  const api = connect();
  // Of all pages the same, and told.
  const version = wanted ?? (await api.call('getTemplate', { params: { name } })).body.metadata.generation;
  const items = await previews(api, name, version, selector);
  if (output !== 'table') stdout.write(output === 'json' ? renderObject(output, { items }) : items.map((item) => renderObject(output, item)).join('---\n'));
  else if (items.length === 0) stderr.write(`no tenant would change: none has another version than ${name}@${version}\n`);
  else stdout.write(renderRolloutPreview({ name, version }, items, paintOut));
}

async function previews(api: ApiClient, name: string, version: number, selector: string | undefined): Promise<RolloutPreview[]> {
  const items: RolloutPreview[] = [];
  for (let pageToken: string | undefined; ; ) {
    const query = { version, pageSize, ...(selector === undefined ? {} : { labelSelector: selector }), ...(pageToken === undefined ? {} : { pageToken }) };
    const { body } = await api.call('previewRollout', { params: { name }, query });
    items.push(...body.items);
    pageToken = body.nextPageToken;
    if (pageToken === undefined) return items;
  }
}
