import { proxyActivities } from '@temporalio/workflow';
import type { SweepActivities } from '../activities/sweep-activities.ts';

const { resumeStalledOperations } = proxyActivities<SweepActivities>({
  startToCloseTimeout: '30s',
  retry: { maximumAttempts: 2 },
});

/** Looks for operations that nobody works on, and starts them again. A schedule runs it; it holds no state. */
export async function sweep(): Promise<{ readonly resumed: number }> {
  return resumeStalledOperations();
}
