import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { waveSchema } from '../../contracts/rollout.ts';
import type { RolloutPreview, RolloutRequest } from '../../contracts/rollout.ts';
import type { CommandContext } from '../command-context.ts';
import { showRollout } from '../operations/follow-rollout.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { templateName } from '../resources/references.ts';
import { renderRolloutPreview } from '../resources/rollouts.ts';
import { addFollowOptions, describeByRoute } from './verb-options.ts';
import type { FollowOptions } from './verb-options.ts';
import { parseCount, parseWholeNumber } from './option-values.ts';

/** Which version to bring to which tenants. */
export interface RolloutScope {
  readonly version?: number;
  readonly selector?: string;
}

interface PreviewOptions extends RolloutScope {
  readonly output: Exclude<OutputFormat, 'name'>;
}

const pageSize = 500;

const previewExamples = `
Examples:
  tenure roll-out preview startup                  the latest version
  tenure roll-out preview startup --version 2      what a return to version 2 would change
  tenure roll-out preview startup -l 'ring=canary' -o json

Changes nothing. Tenants that would change in the same way are shown together. Tenants that cannot be changed, because of policy
or their state, are listed with the reason.`;

export function addRolloutPreview(group: Command, context: CommandContext): void {
  addScopeOptions(
    describeByRoute(group.command('preview'), 'previewRollout')
      .summary('show which tenants a version would change, and what would change')
      .argument('<template>', 'template'),
  )
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', previewExamples)
    .action((reference: string, options: PreviewOptions) => preview(templateName(reference), options, context));
}

function addScopeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--version <number>', 'version of the template (default: the latest)').argParser(parseWholeNumber),
    )
    .option('-l, --selector <selector>', 'only tenants whose labels match, as in Kubernetes');
}

async function preview(
  name: string,
  { version: wanted, selector, output }: PreviewOptions,
  { terminal: { stdout, stderr, paintOut }, connect }: CommandContext,
): Promise<void> {
  const api = connect();
  // The same for all pages, and shown.
  const version = wanted ?? (await api.call('getTemplate', { params: { name } })).body.metadata.generation;
  const items = await previews(api, name, version, selector);
  if (output !== 'table')
    stdout.write(
      output === 'json'
        ? renderObject(output, { items })
        : items.map((item) => renderObject(output, item)).join('---\n'),
    );
  else if (items.length === 0) stderr.write(`no tenant would change: all of them have ${name}@${version}\n`);
  else stdout.write(renderRolloutPreview({ name, version }, items, paintOut));
}

async function previews(
  api: ApiClient,
  name: string,
  version: number,
  selector: string | undefined,
): Promise<RolloutPreview[]> {
  const items: RolloutPreview[] = [];
  for (let pageToken: string | undefined; ;) {
    const query = {
      version,
      pageSize,
      ...(selector === undefined ? {} : { labelSelector: selector }),
      ...(pageToken === undefined ? {} : { pageToken }),
    };
    const { body } = await api.call('previewRollout', { params: { name }, query });
    items.push(...body.items);
    pageToken = body.nextPageToken;
    if (pageToken === undefined) return items;
  }
}

type Wave = RolloutRequest['waves'][number];

interface StartOptions extends RolloutScope, FollowOptions {
  readonly wave?: readonly Wave[];
  readonly maxFailures?: number;
}

const startExamples = `
Examples:
  tenure roll-out start startup --wait             one tenant first, then 10%, then all
  tenure roll-out start startup --wave 5 --wave 25% --max-failures 2
                                                   your own waves; the rest follows after the last one
  tenure roll-out start startup -l ring=canary     only tenants with this label
  tenure roll-out start startup --version 2        an earlier version

A wave is the total number of tenants changed at its end. If more tenants fail than --max-failures, the roll-out pauses and starts
no further changes; with --wait the command then exits with 1. Ctrl-C stops waiting; the roll-out keeps running.`;

export function addRolloutStart(group: Command, context: CommandContext): void {
  const command = addScopeOptions(
    describeByRoute(group.command('start'), 'startRollout').argument('<template>', 'template'),
  )
    .addOption(
      new Option(
        '--wave <count|share>',
        'tenants to change before the next wave, such as 5 or 10%; repeat it for each wave (default: 1, 10%, 100%)',
      ).argParser(collectWave),
    )
    .addOption(
      new Option(
        '--max-failures <count>',
        'how many tenants may fail before the roll-out pauses (default: 0)',
      ).argParser(parseCount),
    );
  addFollowOptions(command)
    .addHelpText('after', startExamples)
    .action((reference: string, options: StartOptions) => start(templateName(reference), options, context));
}

function collectWave(text: string, before: readonly Wave[] | undefined): readonly Wave[] {
  const { success, data } = waveSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!success)
    throw new InvalidArgumentError('Write a number of tenants greater than zero, or a percentage such as 10%.');
  return [...(before ?? []), data];
}

async function start(
  name: string,
  { version, selector, wave, maxFailures, ...options }: StartOptions,
  context: CommandContext,
): Promise<void> {
  const body = {
    ...(version === undefined ? {} : { version }),
    ...(selector === undefined ? {} : { labelSelector: selector }),
    ...(wave === undefined ? {} : { waves: [...wave] }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
  };
  const { body: rollout } = await context.connect().call('startRollout', { params: { name }, body });
  await showRollout(rollout, options, context);
}
