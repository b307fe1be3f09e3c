import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { deliveryStates } from '../../contracts/webhooks.ts';
import type { DeliveryState } from '../../contracts/webhooks.ts';
import type { CommandContext } from '../command-context.ts';
import { attemptColumns, deliveryColumns } from '../resources/columns.ts';
import { renderHealth } from '../resources/describe-webhook.ts';
import { allItems } from '../resources/pages.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { webhookName } from '../resources/references.ts';
import { renderTable } from '../text/table.ts';
import { parseDurationMs } from '../text/duration.ts';
import { parsePointInTime, parseWholeNumber } from './option-values.ts';
import { describeByRoute } from './verb-options.ts';

type Format = Exclude<OutputFormat, 'name'>;
interface Printing {
  readonly output: Format;
}

const defaultLimit = 50;
const formats: Format[] = ['table', 'json', 'yaml'];

const examples = `
Examples:
  tenure webhook rotate-secret billing     get the secret with which its deliveries are signed
  tenure webhook test billing              send it an event
  tenure webhook attempts billing          what was sent, and what came back
  tenure webhook health billing            how far it is, and what failed`;

const rotateExamples = `
Examples:
  tenure webhook rotate-secret billing     both secrets sign for a day, so that the receiver can change over
  tenure webhook rotate-secret billing --overlap 0s
                                           the old secret has leaked`;

const requeueExamples = `
Examples:
  tenure webhook requeue billing           send all dead deliveries again
  tenure webhook requeue billing --event ID`;

const replayExamples = `
Examples:
  tenure webhook replay billing --since 2h
  tenure webhook replay billing --since 2026-12-01T00:00:00Z --until 2026-12-02T00:00:00Z`;

const deliveriesExamples = `
Examples:
  tenure webhook deliveries billing        what is to be sent again, and what was given up
  tenure webhook deliveries billing --state dead -o json`;

const attemptsExamples = `
Examples:
  tenure webhook attempts billing          the latest ${defaultLimit}, newest first
  tenure webhook attempts billing --event ID`;

function parseOverlap(text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new InvalidArgumentError('Write a duration of at most 168h, such as 0s, 30m or 24h.');
  return Math.round(ms / 1000);
}

const collect = (value: string, earlier: readonly string[] = []): readonly string[] => [...earlier, value];

/** What is done with webhooks besides declaring them. */
export function addWebhooks(program: Command, context: CommandContext): void {
  const group = program
    .command('webhook')
    .alias('webhooks')
    .summary('send events to receivers: secrets, tests, deliveries')
    .description('Look after the webhooks that are declared by WebhookEndpoint manifests.')
    .helpCommand(false)
    .addHelpText('after', examples);
  const { terminal } = context;
  const print = (output: Format, body: object, text: () => string): void => {
    terminal.stdout.write(output === 'table' ? text() : renderObject(output, body));
  };
  addVerbs(group, context, print);

  describeByRoute(group.command('health'), 'getWebhookHealth')
    .argument('<webhook>', 'webhook')
    .addOption(outputOption(formats))
    .addHelpText('after', '\nExamples:\n  tenure webhook health billing')
    .action(async (reference: string, { output }: Printing) => {
      const { body } = await context.connect().call('getWebhookHealth', { params: { name: webhookName(reference) } });
      print(output, body, () => renderHealth(body, terminal.paintOut));
    });
  describeByRoute(group.command('deliveries'), 'listDeliveries')
    .argument('<webhook>', 'webhook')
    .addOption(new Option('--state <state>', 'only those in this state').choices([...deliveryStates]))
    .option('--limit <count>', 'print at most this many', parseWholeNumber, defaultLimit)
    .addOption(outputOption(formats))
    .addHelpText('after', deliveriesExamples)
    .action(
      async (
        reference: string,
        { state, limit, output }: Printing & { readonly state?: DeliveryState; readonly limit: number },
      ) => {
        const [api, params] = [context.connect(), { name: webhookName(reference) }];
        const filter = state === undefined ? {} : { state };
        const items = await allItems(
          async (paging) => (await api.call('listDeliveries', { params, query: { ...filter, ...paging } })).body,
          limit,
        );
        print(output, { items }, () => renderTable(deliveryColumns, items, terminal.paintOut));
      },
    );
  describeByRoute(group.command('attempts'), 'listDeliveryAttempts')
    .argument('<webhook>', 'webhook')
    .option('--event <id>', 'only those of this event')
    .option('--limit <count>', 'print at most this many', parseWholeNumber, defaultLimit)
    .addOption(outputOption(formats))
    .addHelpText('after', attemptsExamples)
    .action(
      async (
        reference: string,
        { event, limit, output }: Printing & { readonly event?: string; readonly limit: number },
      ) => {
        const [api, params] = [context.connect(), { name: webhookName(reference) }];
        const filter = event === undefined ? {} : { event };
        const items = await allItems(
          async (paging) => (await api.call('listDeliveryAttempts', { params, query: { ...filter, ...paging } })).body,
          limit,
        );
        print(output, { items }, () => renderTable(attemptColumns, items, terminal.paintOut));
      },
    );
}

function addVerbs(
  group: Command,
  context: CommandContext,
  print: (output: Format, body: object, text: () => string) => void,
): void {
  describeByRoute(group.command('rotate-secret'), 'rotateWebhookSecret')
    .argument('<webhook>', 'webhook')
    .option('--overlap <duration>', 'how long the previous secrets sign too', parseOverlap)
    .addOption(outputOption(formats))
    .addHelpText('after', rotateExamples)
    .action(async (reference: string, { overlap, output }: Printing & { readonly overlap?: number }) => {
      const { body } = await context.connect().call('rotateWebhookSecret', {
        params: { name: webhookName(reference) },
        body: overlap === undefined ? {} : { overlapSeconds: overlap },
      });
      print(output, body, () => `${body.secret ?? body.publicKey ?? ''}\n`);
    });
  describeByRoute(group.command('test'), 'testWebhook')
    .argument('<webhook>', 'webhook')
    .addOption(outputOption(formats))
    .addHelpText('after', '\nExamples:\n  tenure webhook test billing')
    .action(async (reference: string, { output }: Printing) => {
      const name = webhookName(reference);
      const { body } = await context.connect().call('testWebhook', { params: { name }, body: {} });
      print(
        output,
        body,
        () => `event ${body.event} is sent; see: tenure webhook attempts ${name} --event ${body.event}\n`,
      );
    });
  describeByRoute(group.command('enable'), 'enableWebhook')
    .argument('<webhook>', 'webhook')
    .addOption(outputOption(formats))
    .addHelpText('after', '\nExamples:\n  tenure webhook enable billing')
    .action(async (reference: string, { output }: Printing) => {
      const name = webhookName(reference);
      const { body } = await context.connect().call('enableWebhook', { params: { name }, body: {} });
      print(output, body, () => `webhook/${name} enabled\n`);
    });
  describeByRoute(group.command('requeue'), 'requeueDeliveries')
    .argument('<webhook>', 'webhook')
    .option('--event <id>', 'only the delivery of this event; can be repeated', collect)
    .addOption(outputOption(formats))
    .addHelpText('after', requeueExamples)
    .action(async (reference: string, { event, output }: Printing & { readonly event?: readonly string[] }) => {
      const { body } = await context.connect().call('requeueDeliveries', {
        params: { name: webhookName(reference) },
        body: event === undefined ? {} : { events: [...event] },
      });
      print(output, body, () => `${body.requeued} requeued\n`);
    });
  describeByRoute(group.command('replay'), 'replayEvents')
    .argument('<webhook>', 'webhook')
    .requiredOption('--since <time|duration>', 'events of this time or later, or since so long ago', parsePointInTime)
    .option('--until <time|duration>', 'events before this time, or until so long ago', parsePointInTime)
    .addOption(outputOption(formats))
    .addHelpText('after', replayExamples)
    .action(
      async (
        reference: string,
        { since, until, output }: Printing & { readonly since: string; readonly until?: string },
      ) => {
        const name = webhookName(reference);
        const { body } = await context.connect().call('replayEvents', {
          params: { name },
          body: { since, ...(until === undefined ? {} : { until }) },
        });
        print(
          output,
          body,
          () => `${body.entries} entries of the log are replayed; see: tenure webhook health ${name}\n`,
        );
      },
    );
}
