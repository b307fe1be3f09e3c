import { proxyActivities } from '@temporalio/workflow';
import type { SweepActivities } from '../activities/sweep-activities.ts';

const { resumeStalledOperations, beginDueOperations } = proxyActivities<SweepActivities>({
  startToCloseTimeout: '30s',
  retry: { maximumAttempts: 2 },
});

/** Looks for operations that nobody works on and starts them again, and begins what is due. A schedule runs it; it holds no state. */
export async function sweep(): Promise<{ readonly resumed: number; readonly begun: number }> {
  const { resumed } = await resumeStalledOperations();
  const { begun } = await beginDueOperations();
  return { resumed, begun };
}
