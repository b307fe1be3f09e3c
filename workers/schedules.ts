import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from '../platform/logging.ts';

/** One per task queue: each installation of a namespace sweeps its own operations. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

const sweepEveryMs = 10_000;
const lookEveryMs = 10_000;

export interface ScheduleDependencies {
  readonly client: Pick<Client, 'schedule'>;
  readonly taskQueue: string;
  readonly logger: Logger;
}

async function createSweepSchedule({ client, taskQueue }: ScheduleDependencies): Promise<boolean> {
  try {
    await client.schedule.create({
      scheduleId: sweepScheduleId(taskQueue),
      spec: { intervals: [{ every: sweepEveryMs }] },
      action: { type: 'startWorkflow', workflowType: 'sweep', taskQueue, args: [], workflowRunTimeout: '2m', staticSummary: 'Look for operations that nobody works on' },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10s' },
      state: { note: 'Starts accepted and stalled operations again. Kept in place by every worker.' },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/**
 * Keeps the plane's schedules in place: Temporal's database may be lost while workers run. Returns how to stop.
 */
export function keepSchedules(dependencies: ScheduleDependencies): () => void {
  const { logger } = dependencies;
  const keep = (): void => {
    createSweepSchedule(dependencies).then(
      (created) => {
        if (created) logger.info('created the schedule of the sweep');
      },
      (error: unknown) => logger.warn('the schedule of the sweep could not be looked at', { error: error instanceof Error ? error.message : String(error) }),
    );
  };
  keep();
  const timer = setInterval(keep, lookEveryMs);
  return () => clearInterval(timer);
}
