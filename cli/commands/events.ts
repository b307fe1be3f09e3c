import type { Command } from 'commander';
import { followEvents, readEvents } from '../../client/events.ts';
import type { EventsOptions } from '../../client/events.ts';
import type { Event, EventTypeInfo } from '../../contracts/event.ts';
import type { CommandContext, Terminal } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { eventColumns, eventTypeColumns } from '../resources/columns.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { createTable, renderTable } from '../text/table.ts';
import { parseCount, parsePointInTime, parseWholeNumber } from './option-values.ts';

type EventsFormat = Exclude<OutputFormat, 'name'>;

interface CommandOptions {
  readonly tenant?: string;
  readonly type?: string;
  readonly since?: string;
  readonly afterSequence?: number;
  readonly limit?: number;
  readonly follow?: true;
  readonly output: EventsFormat;
}

const defaultSince = '1h';

const examples = `
Examples:
  tenure events                            those of the last hour, oldest first
  tenure events --follow                   each event as it happens, until Ctrl-C
  tenure events --tenant acme --since 30d
  tenure events --tenant acme --after-sequence 12 -o json
  tenure events --type 'tenant.*,template.rollout_paused.v1' --follow
  tenure events --follow -o json           one CloudEvent per line
  tenure events types                      all types, and when each happens`;

const typeExamples = `
Examples:
  tenure events types                      all of them
  tenure events types -o json              with the JSON Schema of the data of each`;

export function addEvents(program: Command, context: CommandContext): void {
  const events = program
    .command('events')
    .summary('print what has happened, or follow it')
    .description('Print events, oldest first, in the order in which they were committed; or follow them.')
    .helpCommand(false)
    .option('--tenant <name|uid>', 'only events of this tenant; a purged tenant is found by its uid')
    .option('--type <types>', 'only these types, comma-separated; tenant.* stands for all that begin so')
    .option(
      '--since <time|duration>',
      `begin at this time, or so long ago (default: ${defaultSince})`,
      parsePointInTime,
    )
    .option('--after-sequence <number>', 'begin after this sequence of the tenant', parseCount)
    .option('--limit <count>', 'print at most this many', parseWholeNumber)
    .option('-f, --follow', 'print each event as it happens; without --since, from now on')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action((options: CommandOptions) => printEvents(options, context));
  events
    .command('types')
    .summary('list the types of events')
    .description('List the types of events, and when each happens.')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', typeExamples)
    .action((options: { readonly output: EventsFormat }) => printTypes(options.output, context));
}

/** What to read. Without a beginning, what is followed begins now, and what is listed a while ago. */
function optionsOf({ tenant, type, since, afterSequence, follow }: CommandOptions, signal: AbortSignal): EventsOptions {
  if (since !== undefined && afterSequence !== undefined)
    throw usageFailure('--since and --after-sequence each say where to begin', 'remove one of them');
  if (afterSequence !== undefined && tenant === undefined)
    throw usageFailure('each tenant has its own sequence', 'add --tenant NAME');
  const start = since ?? (follow === true || afterSequence !== undefined ? undefined : parsePointInTime(defaultSince));
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(type === undefined ? {} : { types: type }),
    ...(start === undefined ? {} : { since: start }),
    ...(afterSequence === undefined ? {} : { afterSequence }),
    signal,
  };
}

async function* limited<Item>(items: AsyncIterable<Item>, limit: number): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    yield item;
    count += 1;
    if (count >= limit) return;
  }
}

async function printEvents(options: CommandOptions, { terminal, connect }: CommandContext): Promise<void> {
  const { output, limit = Infinity, follow } = options;
  const { interrupted, unread, stderr, stdout } = terminal;
  const signal = AbortSignal.any([interrupted, unread]);
  const query = optionsOf(options, signal);
  const api = connect();
  const print = createPrinter(terminal, output);
  try {
    if (follow === true) {
      for await (const { event } of limited(followEvents(api, query), limit)) print([event]);
      return;
    }
    const events: Event[] = [];
    for await (const event of limited(readEvents(api, query), limit)) events.push(event);
    if (output === 'json') stdout.write(renderObject('json', { items: events }));
    else if (events.length === 0 && output === 'table') stderr.write('no events\n');
    else print(events);
  } catch (error) {
    if (interrupted.aborted || !unread.aborted) throw error;
  }
}

function createPrinter({ stdout, paintOut }: Terminal, output: EventsFormat): (events: readonly Event[]) => void {
  const rows = createTable(eventColumns, paintOut);
  return (events) => {
    if (output === 'table') stdout.write(rows(events));
    else
      for (const event of events)
        stdout.write(output === 'json' ? `${JSON.stringify(event)}\n` : `---\n${renderObject('yaml', event)}`);
  };
}

async function printTypes(output: EventsFormat, { terminal, connect }: CommandContext): Promise<void> {
  const { items } = (await connect().call('getEventTypes')).body;
  terminal.stdout.write(
    output === 'table'
      ? renderTable<EventTypeInfo>(eventTypeColumns, items, terminal.paintOut)
      : renderObject(output, { items }),
  );
}
