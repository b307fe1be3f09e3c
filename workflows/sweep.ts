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
  retry: { maximumAttempts: 2 },
});

export interface SweepOutcome {
  readonly resumed: number;
  readonly begun: number;
}

const everyMs = 10_000;
/** About forty minutes: by then the history is as long as Temporal likes one to be. The schedule begins the next within ten seconds. */
const usualTurns = 240;

async function once(): Promise<SweepOutcome> {
  const { resumed } = await resumeStalledOperations();
  const { begun } = await beginDueOperations();
  return { resumed, begun };
}

/**
 * Looks for operations that nobody works on and starts them again, and begins what is due: every ten seconds, for so many turns.
 * A schedule keeps one running. One workflow for each turn would be most of what an operator sees in Temporal's UI.
 */
export async function sweep({ turns = usualTurns }: { readonly turns?: number } = {}): Promise<SweepOutcome> {
  if (!patched('sweep-in-turns')) return once();
  let total: SweepOutcome = { resumed: 0, begun: 0 };
  for (let turn = 1; turn <= turns; turn += 1) {
    try {
      const { resumed, begun } = await once();
      total = { resumed: total.resumed + resumed, begun: total.begun + begun };
    } catch (error) {
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      // What is away now is there again at a later turn; the worker's log has the cause.
      log.warn('a turn of the sweep has failed');
    }
    setCurrentDetails(
      `Turn ${turn} of ${turns}: ${total.resumed} operations started again, ${total.begun} begun because they were due.`,
    );
    if (turn < turns) await sleep(everyMs);
  }
  return total;
}
