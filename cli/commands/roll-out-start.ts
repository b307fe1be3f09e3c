import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { waveSchema } from '../../contracts/rollout.ts';
import type { RolloutPreview, RolloutRequest } from '../../contracts/rollout.ts';
import type { CommandContext } from '../command-context.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { templateName } from '../resources/references.ts';
import { renderRolloutPreview } from '../resources/rollout-preview.ts';
import { addFollowOptions, tellRollout } from './roll-out-turns.ts';
import type { FollowOptions } from './roll-out-turns.ts';
import { describeByRoute } from './verb-options.ts';
import { parseCount, parseWholeNumber } from './whole-number.ts';

/** Which version is meant for which tenants. */
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
  tenure roll-out preview startup --version 2      what going back to version 2 would change
  tenure roll-out preview startup -l 'ring=canary' -o json

Nothing is changed. Tenants that would change in the same way are shown together; those that policy or the tenant's state refuses
are named with the reason.`;

export function addRolloutPreview(group: Command, context: CommandContext): void {
  addScopeOptions(
    describeByRoute(group.command('preview'), 'previewRollout')
      .summary('say which tenants a version would change, and in what')
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
    .option('-l, --selector <selector>', 'only tenants with such labels, as in Kubernetes');
}

async function preview(
  name: string,
  { version: wanted, selector, output }: PreviewOptions,
  { terminal: { stdout, stderr, paintOut }, connect }: CommandContext,
): Promise<void> {
  const api = connect();
  // Of all pages the same, and told.
  const version = wanted ?? (await api.call('getTemplate', { params: { name } })).body.metadata.generation;
  const items = await previews(api, name, version, selector);
  if (output !== 'table')
    stdout.write(
      output === 'json'
        ? renderObject(output, { items })
        : items.map((item) => renderObject(output, item)).join('---\n'),
    );
  else if (items.length === 0)
    stderr.write(`no tenant would change: none has another version than ${name}@${version}\n`);
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
  tenure roll-out start startup --wait             one tenant first, then 10% of them, then all
  tenure roll-out start startup --wave 5 --wave 25% --max-failures 2
                                                   waves of your own; the rest follows after the last one
  tenure roll-out start startup -l ring=canary     only tenants with such labels
  tenure roll-out start startup --version 2        an earlier version

A wave says how many tenants have been changed when it is over. More failures than --max-failures pause the roll-out, and nothing
more is begun. With --wait it ends with 1 then; Ctrl-C ends only the waiting.`;

export function addRolloutStart(group: Command, context: CommandContext): void {
  const command = addScopeOptions(
    describeByRoute(group.command('start'), 'startRollout').argument('<template>', 'template'),
  )
    .addOption(
      new Option(
        '--wave <count|share>',
        'tenants to be changed before the next wave, such as 5 or 10%; once for each wave (default: 1, 10%, 100%)',
      ).argParser(collectWave),
    )
    .addOption(
      new Option('--max-failures <count>', 'so many tenants may fail before it pauses (default: 0)').argParser(
        parseCount,
      ),
    );
  addFollowOptions(command)
    .addHelpText('after', startExamples)
    .action((reference: string, options: StartOptions) => start(templateName(reference), options, context));
}

function collectWave(text: string, before: readonly Wave[] | undefined): readonly Wave[] {
  const { success, data } = waveSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!success) throw new InvalidArgumentError('Write a number of tenants above zero, or a share such as 10%.');
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
  await tellRollout(rollout, options, context);
}
