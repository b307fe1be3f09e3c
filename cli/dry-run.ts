import { applyManifest, operationsOf } from './apply-manifest.ts';
import type { ApplyConsent } from './apply-manifest.ts';
import type { CommandContext, Terminal } from './command-context.ts';
import { asFailure, concernsAll } from './failure-report.ts';
import { joinFailures } from './failure.ts';
import type { CliFailure } from './failure.ts';
import type { LocatedManifest } from './manifests/read-manifests.ts';
import { renderData } from './resources/print.ts';
import type { OutputFormat, Printed } from './resources/print.ts';
import { printedResource } from './resources/printed-resource.ts';
import { printable } from './text/printable.ts';

/** Lists the valid manifests, or prints them as they would be sent. */
export function printValid(manifests: readonly LocatedManifest[], output: OutputFormat, { stdout }: Terminal): void {
  if (output !== 'table')
    stdout.write(
      renderData(output, { items: manifests.map(({ manifest }) => printedResource(manifest)), single: false }),
    );
  else stdout.write(manifests.map(({ reference }) => `${reference} valid (client dry run)\n`).join(''));
}

/**
 * Makes the API check everything that applying would check, and prints the outcome of each manifest, or the resulting
 * resources. If one manifest is refused, the others are still checked.
 * @throws CliFailure with every report, and the highest exit code
 */
export async function rehearse(
  manifests: readonly LocatedManifest[],
  consent: ApplyConsent,
  output: OutputFormat,
  { terminal, connect }: Pick<CommandContext, 'terminal' | 'connect'>,
): Promise<void> {
  const { stdout, stderr } = terminal;
  const api = connect();
  const items: Printed['items'][number][] = [];
  const failures: CliFailure[] = [];
  const wouldBeNew: string[] = [];
  for (const located of manifests) {
    const { manifest, reference } = located;
    try {
      const {
        outcome,
        resource,
        warnings = [],
        ...change
      } = await applyManifest(api, manifest, consent, () => undefined);
      items.push(printedResource(resource));
      if (outcome === 'created') wouldBeNew.push(reference);
      (output === 'table' ? stdout : stderr).write(
        `${reference} ${[outcome, ...operationsOf(change).map(({ kind }) => kind)].join(', then ')} (server dry run)\n`,
      );
      for (const { pointer = '', message, fix } of warnings) {
        const { place, frame } = located.locate(pointer);
        stderr.write(`${place}: warning: ${printable(message)}\n${frame}${fix === undefined ? '' : `  fix: ${fix}\n`}`);
      }
    } catch (error) {
      failures.push(asFailure(error, terminal, located));
      if (terminal.interrupted.aborted || concernsAll(error)) break;
    }
  }
  if (output !== 'table') stdout.write(renderData(output, { items, single: false }));
  if (failures.length === 0) return;
  if (wouldBeNew.length > 0)
    stderr.write(
      `note: each manifest was checked against the existing resources; these do not exist yet: ${wouldBeNew.join(', ')}\n`,
    );
  throw joinFailures(failures);
}
