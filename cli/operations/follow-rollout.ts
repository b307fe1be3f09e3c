import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import type { CommandContext, Terminal } from '../command-context.ts';
import { CliFailure } from '../failure.ts';
import { waveOf } from '../resources/columns.ts';
import { rolloutKind } from '../resources/kinds.ts';
import { printResources } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';
import { rolloutCounts, rolloutLine } from '../resources/rollouts.ts';
import { retryWithin, startWait } from './follow.ts';
import { createProgress } from './progress.ts';
import type { Progress, ProgressLine } from './progress.ts';

/** Delays between polls; they only decide how often the progress is updated. */
const pollDelaysMs = [250, 250, 500, 500, 1_000];
const maxPollDelayMs = 2_000;

/**
 * Shows the progress of a roll-out until it no longer runs and all changes it started have finished.
 * @throws CliFailure waitTimeout, interrupted
 */
async function followRollout(
  api: ApiClient,
  id: string,
  timeoutMs: number,
  { stderr, paintErr, interrupted, program }: Terminal,
): Promise<Rollout> {
  const wait = startWait(
    timeoutMs,
    interrupted,
    () =>
      `roll-out/${id} keeps running; to resume waiting: ${program} wait roll-out/${id}; to pause it: ${program} roll-out pause ${id}`,
  );
  const progress = createProgress(stderr, paintErr);
  try {
    return await untilFinished(api, id, progress, wait.signal);
  } catch (error) {
    throw wait.ended(error);
  } finally {
    progress.clear();
  }
}

async function untilFinished(api: ApiClient, id: string, progress: Progress, signal: AbortSignal): Promise<Rollout> {
  for (let poll = 0; ; poll += 1) {
    // The first poll does not depend on the timeout.
    const { body: rollout } = await api.call('getRollout', { params: { id }, ...(poll === 0 ? {} : { signal }) });
    progress.show(rolloutProgress(rollout));
    if (rollout.state !== 'running' && rollout.counts.changing === 0) return rollout;
    await delay(pollDelaysMs[poll] ?? maxPollDelayMs, undefined, { signal });
  }
}

function rolloutProgress(rollout: Rollout): ProgressLine {
  const { id, template, version, state, tenants, counts, wave } = rollout;
  return {
    id,
    text: `${template}@${version}  roll-out ${state}  wave ${waveOf(rollout)}  ${rolloutCounts(counts)}, of ${tenants}`,
    state,
    facts: { rollout: id, template, version, state, wave, ...counts, tenants },
  };
}

/** A roll-out that did not complete, as the end of a command. */
function rolloutFailure(
  { id, template, version, state, reason, failures, counts }: Rollout,
  program: string,
): CliFailure {
  const end = `error: roll-out/${id} of ${template}@${version} is ${state}`;
  const more = counts.failed - failures.length;
  return new CliFailure(
    'operationFailed',
    [
      reason === undefined ? end : `${end}: ${reason}`,
      ...failures.map(({ tenant, code, message }) => `  tenant/${tenant}: ${code}: ${message}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
      ...(state === 'paused'
        ? [
            `fix: correct the failures, then run: ${program} roll-out resume ${id}; or skip the failed tenants: ${program} roll-out resume ${id} --skip-failed`,
          ]
        : []),
    ].join('\n'),
  );
}

/** Prints a roll-out, and waits for it with `wait`. @throws CliFailure, as awaitRollout does */
export async function showRollout(
  rollout: Rollout,
  { wait, timeout, output }: { readonly wait?: true; readonly timeout: number; readonly output: OutputFormat },
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  (output === 'table' ? terminal.stdout : terminal.stderr).write(`${rolloutLine(rollout)}\n`);
  if (wait === true) await awaitRollout(rollout.id, { timeout, output }, context);
  else if (output !== 'table') printRollout(rollout, output, terminal);
}

/**
 * Follows a roll-out until it no longer runs, and prints its state.
 * @throws CliFailure operationFailed, if it did not complete; waitTimeout, interrupted
 */
export async function awaitRollout(
  id: string,
  { timeout, output }: { readonly timeout: number; readonly output: OutputFormat },
  { terminal, connect }: CommandContext,
): Promise<void> {
  const rollout = await followRollout(connect(retryWithin(timeout)), id, timeout, terminal);
  if (output === 'table') terminal.stdout.write(`${rolloutLine(rollout)}\n`);
  else printRollout(rollout, output, terminal);
  if (rollout.state !== 'succeeded') throw rolloutFailure(rollout, terminal.program);
}

function printRollout(rollout: Rollout, output: OutputFormat, terminal: Terminal): void {
  printResources(terminal, output, rolloutKind, [{ name: rollout.id, body: rollout }], true);
}
