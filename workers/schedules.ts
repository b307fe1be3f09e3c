import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { Logger } from '../platform/logging.ts';

/** One per task queue: each installation of a namespace sweeps its own operations. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

export function driftScheduleId(taskQueue: string): string {
  return `drift-scan/${taskQueue}`;
}

const sweepEveryMs = 10_000;
const lookEveryMs = 10_000;

export interface ScheduleDependencies {
  readonly client: Pick<Client, 'schedule'>;
  readonly taskQueue: string;
  readonly driftEveryMs: number;
  readonly logger: Logger;
}

interface PlaneSchedule {
  readonly id: string;
  readonly workflowType: 'sweep' | 'driftScan';
  readonly everyMs: number;
  readonly summary: string;
  readonly timeout: '2m' | '1h';
}

function planeSchedules({ taskQueue, driftEveryMs }: ScheduleDependencies): PlaneSchedule[] {
  return [
    { id: sweepScheduleId(taskQueue), workflowType: 'sweep', everyMs: sweepEveryMs, summary: 'Look for operations that nobody works on, and for what is due', timeout: '2m' },
    { id: driftScheduleId(taskQueue), workflowType: 'driftScan', everyMs: driftEveryMs, summary: 'Compare what stands on the cells with what is declared', timeout: '1h' },
  ];
}

async function create({ client, taskQueue }: ScheduleDependencies, { id, workflowType, everyMs, summary, timeout }: PlaneSchedule): Promise<boolean> {
  try {
    await client.schedule.create({
      scheduleId: id,
      spec: { intervals: [{ every: everyMs }] },
      action: { type: 'startWorkflow', workflowType, taskQueue, args: [], workflowRunTimeout: timeout, staticSummary: summary },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '10s' },
      state: { note: `${summary}. Kept in place by every worker.` },
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
  const keep = (schedule: PlaneSchedule): void => {
    create(dependencies, schedule).then(
      (created) => {
        if (created) logger.info(`created the schedule ${schedule.workflowType}`);
      },
      (error: unknown) => logger.warn(`the schedule ${schedule.workflowType} could not be looked at`, { error: error instanceof Error ? error.message : String(error) }),
    );
  };
  const keepAll = (): void => planeSchedules(dependencies).forEach(keep);
  keepAll();
  const timer = setInterval(keepAll, lookEveryMs);
  return () => clearInterval(timer);
}
