import { Option } from 'commander';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { applyManifest, operationsOf } from '../apply-manifest.ts';
import type { Applied, ApplyConsent } from '../apply-manifest.ts';
import type { CommandContext, Terminal } from '../command-context.ts';
import { printValid, rehearse } from '../dry-run.ts';
import { asFailure, concernsAll, operationFailure } from '../failure-report.ts';
import { CliFailure, joinFailures } from '../failure.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import type { LocatedManifest } from '../manifests/read-manifests.ts';
import { followAll, operationLine, retryWithin } from '../operations/follow.ts';
import { kindOf, wordOfManifest } from '../resources/kinds.ts';
import { lineWriter, outputOption, renderData } from '../resources/print.ts';
import type { OutputFormat, Printed } from '../resources/print.ts';
import { printedResource } from '../resources/printed-resource.ts';
import { timeoutOption } from './option-values.ts';
import { confirmMassChangeOption } from './verb-options.ts';

interface ApplyOptions {
  readonly file: readonly string[];
  readonly dryRun?: 'client' | 'server';
  readonly wait?: true;
  readonly forceConflicts?: true;
  readonly confirmMassChange?: true;
  readonly timeout: number;
  readonly output: OutputFormat;
}

const examples = `
Examples:
  tenure apply -f tenant.yaml              create or change what the file declares
  tenure apply -f examples --wait          every manifest in a folder; wait until the operations are done
  tenure apply -f - < tenant.yaml          standard input
  tenure apply -f acme.yaml --force-conflicts
                                           also reverse what a verb has set since
  tenure apply -f tenant.yaml -o json      print the resulting resources
  tenure apply -f examples --dry-run=client
                                           only validate the manifests; nothing is sent
  tenure apply -f acme.yaml --dry-run=server -o yaml
                                           also check policy and placement, and show the result

All manifests are validated before any is applied. Regions are applied first, then plans, templates and tenants. If one is
refused, the others are still applied; the command lists those that were not applied, and exits with the highest code.
Applying the same manifest again changes nothing. A manifest with a revision, as get -o yaml prints it, applies only to that revision.
A manifest replaces the whole declaration; it is not merged with the current one. Omitted labels, annotations, residency, config and
the like are removed. If omitted, these fields of a tenant stay as they are: lifecycle, placement, hold, the version of the template
and, with a template, the services. A removed manifest deletes nothing.
A manifest that would reverse what a verb or a roll-out has set (lifecycle, plan, template version) is refused with exit code 4.
A change that needs several operations runs them one after the other; --wait waits for the last one. A server dry run checks
each manifest against the existing resources, not against the other manifests.

If standard error is not a terminal, --wait prints each change as one line of JSON: time, operation, tenant, kind, state, done, total, step.`;

export function addApply(program: Command, context: CommandContext): void {
  program
    .command('apply')
    .summary('create or change resources from manifests')
    .description('Create or change resources from manifests.')
    .requiredOption('-f, --file <path...>', 'manifest file, folder of manifests, or - for standard input')
    .addOption(
      new Option(
        '--dry-run <where>',
        'change nothing: validate the manifests only (client), or have the API check everything (server)',
      )
        .choices(['client', 'server'])
        .conflicts('wait'),
    )
    .option('--wait', 'wait until the started operations are done')
    .option('--force-conflicts', 'also reverse what a verb, such as suspend, has set')
    .addOption(confirmMassChangeOption())
    .addOption(timeoutOption('120s'))
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action((options: ApplyOptions) => apply(options, context));
}

interface AppliedManifest extends Applied {
  readonly located: LocatedManifest;
}

async function apply(
  { file, dryRun, wait, forceConflicts, confirmMassChange, timeout, output }: ApplyOptions,
  { terminal, connect }: CommandContext,
): Promise<void> {
  const manifests = await readManifests(file, terminal);
  if (dryRun === 'client') return printValid(manifests, output, terminal);
  if (dryRun === 'server')
    return rehearse(manifests, { forceConflicts, confirmMassChange, dryRun: true }, output, { terminal, connect });
  // If the user wants data on stdout, the progress lines are messages.
  const writeLine = lineWriter(terminal, output);
  const { applied, failures, notApplied } = await applyAll(
    connect(),
    manifests,
    { forceConflicts, confirmMassChange },
    terminal,
    writeLine,
  );
  const api = connect(retryWithin(timeout));
  if (wait === true) {
    const started = applied.flatMap(({ operation, located }) =>
      operation === undefined ? [] : [{ operation, about: located }],
    );
    try {
      await followAll(api, started, timeout, terminal, (operation, located) => {
        writeLine(operationLine(operation));
        if (operation.state !== 'succeeded') failures.push(operationFailure(operation, terminal.program, located));
      });
    } catch (error) {
      failures.push(asFailure(error, terminal));
    }
  }
  if (output !== 'table' && applied.length > 0 && !terminal.interrupted.aborted) {
    const items =
      wait === true
        ? await readBack(api, applied, terminal, failures)
        : applied.map(({ resource }) => printedResource(resource));
    terminal.stdout.write(renderData(output, { items, single: false }));
  }
  if (failures.length > 0) throw withRest(joinFailures(failures), manifests.length > 1 ? notApplied : []);
}

function withRest({ exit, report }: CliFailure, notApplied: readonly string[]): CliFailure {
  return new CliFailure(exit, notApplied.length === 0 ? report : `${report}\nnot applied: ${notApplied.join(', ')}`);
}

/** Applies the manifests in order. If one is refused, the others are still applied. @throws CliFailure interrupted */
async function applyAll(
  api: ApiClient,
  manifests: readonly LocatedManifest[],
  consent: ApplyConsent,
  terminal: Terminal,
  writeLine: (line: string) => void,
): Promise<{ applied: AppliedManifest[]; failures: CliFailure[]; notApplied: string[] }> {
  const applied: AppliedManifest[] = [];
  const failures: CliFailure[] = [];
  const notApplied: string[] = [];
  for (const [index, located] of manifests.entries()) {
    const { manifest, reference } = located;
    try {
      const result = await applyManifest(api, manifest, consent, () =>
        terminal.stderr.write(`${reference} has changed in the meantime; reading it again\n`),
      );
      applied.push({ ...result, located });
      writeLine(`${reference} ${result.outcome}`);
      for (const operation of operationsOf(result)) writeLine(operationLine(operation));
    } catch (error) {
      failures.push(asFailure(error, terminal, located));
      notApplied.push(reference);
      if (!terminal.interrupted.aborted && !concernsAll(error)) continue;
      const rest = manifests.slice(index + 1).map((later) => later.reference);
      if (terminal.interrupted.aborted) throw withRest(joinFailures(failures), rest);
      return { applied, failures, notApplied: [...notApplied, ...rest] };
    }
  }
  return { applied, failures, notApplied };
}

/**
 * The current resources. If one cannot be read, its failure is added, and it and those after it are returned as the API
 * answered them.
 */
async function readBack(
  api: ApiClient,
  applied: readonly AppliedManifest[],
  terminal: Terminal,
  failures: CliFailure[],
): Promise<Printed['items']> {
  const items: Printed['items'][number][] = [];
  for (const { resource, located } of applied) {
    const kind = kindOf(wordOfManifest[resource.kind]);
    try {
      items.push({ kind, listed: await kind.get(api, resource.metadata.name) });
    } catch (error) {
      failures.push(asFailure(error, terminal, located));
      return [...items, ...applied.slice(items.length).map((remaining) => printedResource(remaining.resource))];
    }
  }
  return items;
}
