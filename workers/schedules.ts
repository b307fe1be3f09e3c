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

/** Has a schedule that stands run as often as this worker's configuration says. Whether it is paused is its operator's affair. */
async function adjust({ client, logger }: ScheduleDependencies, { id, workflowType, everyMs }: PlaneSchedule): Promise<void> {
  const handle = client.schedule.getHandle(id);
  const { spec } = await handle.describe();
  if (spec.intervals?.length === 1 && spec.intervals[0]?.every === everyMs) return;
  await handle.update(({ action, policies, state }) => ({ spec: { intervals: [{ every: everyMs }] }, action, policies, state }));
  logger.info(`the schedule ${workflowType} runs every ${everyMs / 1000} s from now on`);
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
 * Keeps the plane's schedules in place: Temporal's database may be lost while workers run. Each worker adjusts them once, so
 * that the one that was started last decides, and workers of two configurations do not take turns. Returns how to stop.
 */
export function keepSchedules(dependencies: ScheduleDependencies): () => void {
  const { logger } = dependencies;
  const adjusted = new Set<string>();
  async function look(schedule: PlaneSchedule): Promise<void> {
    if (await create(dependencies, schedule)) logger.info(`created the schedule ${schedule.workflowType}`);
    else if (!adjusted.has(schedule.id)) await adjust(dependencies, schedule);
    adjusted.add(schedule.id);
  }
  const keep = (schedule: PlaneSchedule): void => {
    look(schedule).catch((error: unknown) => logger.warn(`the schedule ${schedule.workflowType} could not be looked at`, { error: error instanceof Error ? error.message : String(error) }));
  };
  const keepAll = (): void => planeSchedules(dependencies).forEach(keep);
  keepAll();
  const timer = setInterval(keepAll, lookEveryMs);
  return () => clearInterval(timer);
}
