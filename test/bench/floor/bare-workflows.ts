import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { NoopActivities } from './noop-activities.ts';

const { noop } = proxyActivities<NoopActivities>({ startToCloseTimeout: '1m' });
const { noop: localNoop } = proxyLocalActivities<NoopActivities>({ startToCloseTimeout: '1m' });

/** Empty activities, of the same kinds and in the same order as those of an operation. */
export async function bareOperation(shape: readonly ('activity' | 'local')[]): Promise<void> {
  for (const sort of shape) await (sort === 'activity' ? noop({}) : localNoop({}));
}
