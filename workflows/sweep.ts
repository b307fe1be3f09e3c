import {
  ActivityFailure,
  isCancellation,
  log,
  patched,
  proxyActivities,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow';
import type { SweepActivities } from '../activities/sweep-activities.ts';

const { resumeStalledOperations, beginDueOperations } = proxyActivities<SweepActivities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: '10s',
  retry: { maximumAttempts: 2 },
});

export interface SweepOutcome {
  readonly resumed: number;
  readonly begun: number;
}

/** What the schedule passes. */
export interface SweepInput {
  readonly turns: number;
  readonly everyMs: number;
}

/** A schedule that an older build has made passes nothing. */
const defaultInput: SweepInput = { turns: 240, everyMs: 10_000 };

async function sweepOnce(): Promise<SweepOutcome> {
  const { resumed } = await resumeStalledOperations();
  const { begun } = await beginDueOperations();
  return { resumed, begun };
}

/**
 * Finds stalled operations and starts them again, and starts what is due, for this many turns. A schedule keeps one
 * running. With one workflow for each turn, most of what an operator sees in Temporal's UI would be sweeps.
 */
export async function sweep(input: Partial<SweepInput> = {}): Promise<SweepOutcome> {
  const { turns, everyMs } = { ...defaultInput, ...input };
  if (!patched('sweep-in-turns')) return sweepOnce();
  let total: SweepOutcome = { resumed: 0, begun: 0 };
  for (let turn = 1; turn <= turns; turn += 1) {
    try {
      const { resumed, begun } = await sweepOnce();
      total = { resumed: total.resumed + resumed, begun: total.begun + begun };
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      // What is unavailable now may be available at a later turn; the worker's log has the cause.
      log.warn('a turn of the sweep failed');
    }
    setCurrentDetails(
      `Turn ${turn} of ${turns}: ${total.resumed} operations started again, ${total.begun} begun because they were due.`,
    );
    if (turn < turns) await sleep(everyMs);
  }
  return total;
}
