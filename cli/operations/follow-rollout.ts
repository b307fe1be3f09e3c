import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../client/api-client.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import type { Terminal } from '../command-context.ts';
import { CliFailure } from '../failure.ts';
import { waveOf } from '../resources/columns.ts';
import { rolloutCounts } from '../resources/rollout-words.ts';
import { startWait } from './follow.ts';
import { createProgress } from './progress.ts';
import type { Progress, ProgressLine } from './progress.ts';

/** Pauses between looks; they only decide how often the progress is updated. */
const looksMs = [250, 250, 500, 500, 1_000];
const laterLooksMs = 2_000;

/**
 * Shows the progress of a roll-out until it no longer runs and all changes it started have finished.
 * @throws CliFailure waitTimeout, interrupted
 */
export async function followRollout(
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
    return await untilSettled(api, id, progress, wait.signal);
  } catch (error) {
    throw wait.ended(error);
  } finally {
    progress.clear();
  }
}

async function untilSettled(api: ApiClient, id: string, progress: Progress, signal: AbortSignal): Promise<Rollout> {
  for (let look = 0; ; look += 1) {
    // The first look does not depend on the timeout.
    const { body: rollout } = await api.call('getRollout', { params: { id }, ...(look === 0 ? {} : { signal }) });
    progress.show(rolloutProgress(rollout));
    if (rollout.state !== 'running' && rollout.counts.changing === 0) return rollout;
    await delay(looksMs[look] ?? laterLooksMs, undefined, { signal });
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
export function rolloutFailure(
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
            `fix: fix the failures, then: ${program} roll-out resume ${id}; or skip the failed tenants: ${program} roll-out resume ${id} --skip-failed`,
          ]
        : []),
    ].join('\n'),
  );
}
