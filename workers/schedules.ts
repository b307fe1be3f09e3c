import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import type { Logger } from '../platform/logging.ts';
import type { SweepInput } from '../workflows/sweep.ts';

/** One per task queue: each installation of a namespace sweeps its own operations. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep/${taskQueue}`;
}

export function driftScheduleId(taskQueue: string): string {
  return `drift-scan/${taskQueue}`;
}

/** In one sweep. A worker that takes over a sweep first replays its turns: sixty take under half a second. */
const sweepTurns = 60;
const checkEveryMs = 10_000;
/** Runs that were missed for longer than this, for example while Temporal was unavailable, are not made up for. */
const catchupMs = 10_000;

export interface ScheduleDependencies {
  readonly client: Pick<Client, 'schedule'>;
  readonly taskQueue: string;
  readonly driftEveryMs: number;
  /** From one turn of the sweep to the next, and the time in which the next sweep begins after one has ended. */
  readonly sweepEveryMs: number;
  readonly logger: Logger;
}

interface PlaneSchedule {
  readonly id: string;
  readonly workflowType: 'sweep' | 'driftScan';
  readonly everyMs: number;
  readonly summary: string;
  readonly timeoutMs: number;
  readonly args: readonly SweepInput[];
}

function planeSchedules({ taskQueue, driftEveryMs, sweepEveryMs }: ScheduleDependencies): PlaneSchedule[] {
  return [
    {
      id: sweepScheduleId(taskQueue),
      workflowType: 'sweep',
      everyMs: sweepEveryMs,
      summary: 'Look for operations that nobody works on, and for what is due',
      timeoutMs: 2 * 60 * 60_000,
      args: [{ turns: sweepTurns, everyMs: sweepEveryMs }],
    },
    {
      id: driftScheduleId(taskQueue),
      workflowType: 'driftScan',
      everyMs: driftEveryMs,
      summary: 'Compare what is on the cells with what is declared',
      timeoutMs: 60 * 60_000,
      args: [],
    },
  ];
}

type Wanted = Pick<ScheduleOptions, 'spec' | 'action' | 'policies'>;

interface ScheduleSettings {
  readonly spec: { readonly intervals?: readonly { readonly every?: unknown }[] };
  readonly action: Pick<
    ScheduleOptions['action'],
    'workflowType' | 'taskQueue' | 'args' | 'workflowRunTimeout' | 'staticSummary'
  >;
  readonly policies?: ScheduleOptions['policies'];
}

/** What the schedule does in this build, and when. */
function wanted(taskQueue: string, { workflowType, everyMs, summary, timeoutMs, args }: PlaneSchedule): Wanted {
  return {
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow',
      workflowType,
      taskQueue,
      args: [...args],
      workflowRunTimeout: timeoutMs,
      staticSummary: summary,
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchupMs },
  };
}

/** The settings of an existing or wanted schedule that a build may change. */
function settingsOf({ spec, action, policies }: ScheduleSettings): string {
  const { workflowType, taskQueue, args, workflowRunTimeout, staticSummary } = action;
  return JSON.stringify([
    spec.intervals?.map(({ every }) => every),
    workflowType,
    taskQueue,
    args,
    workflowRunTimeout,
    staticSummary,
    policies?.overlap,
    policies?.catchupWindow,
  ]);
}

/**
 * Adjusts an existing schedule to this worker's build and configuration. Whether it is paused is the operator's
 * decision, so that is kept.
 */
async function adjust({ client, logger, taskQueue }: ScheduleDependencies, schedule: PlaneSchedule): Promise<void> {
  const handle = client.schedule.getHandle(schedule.id);
  const next = wanted(taskQueue, schedule);
  if (settingsOf(await handle.describe()) === settingsOf(next)) return;
  await handle.update(({ state }) => ({ ...next, state }));
  logger.info(`the schedule ${schedule.workflowType} was adjusted: it runs every ${schedule.everyMs / 1000} s`);
}

async function create({ client, taskQueue }: ScheduleDependencies, schedule: PlaneSchedule): Promise<boolean> {
  try {
    await client.schedule.create({
      scheduleId: schedule.id,
      ...wanted(taskQueue, schedule),
      state: { note: `${schedule.summary}. Kept in place by every worker.` },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

/**
 * Keeps the plane's schedules in place: Temporal's database may be lost while workers run. Each worker adjusts them
 * only once, so that the worker that started last decides, and workers with different configurations do not keep
 * changing them. Returns a function that stops it.
 */
export function keepSchedules(dependencies: ScheduleDependencies): () => void {
  const { logger } = dependencies;
  const adjusted = new Set<string>();
  async function check(schedule: PlaneSchedule): Promise<void> {
    if (await create(dependencies, schedule)) logger.info(`created the schedule ${schedule.workflowType}`);
    else if (!adjusted.has(schedule.id)) await adjust(dependencies, schedule);
    adjusted.add(schedule.id);
  }
  const keep = (schedule: PlaneSchedule): void => {
    check(schedule).catch((error: unknown) =>
      logger.warn(`the schedule ${schedule.workflowType} could not be checked`, {
        error: error instanceof Error ? error.message : String(error),
      }),
    );
  };
  const keepAll = (): void => planeSchedules(dependencies).forEach(keep);
  keepAll();
  const timer = setInterval(keepAll, checkEveryMs);
  return () => clearInterval(timer);
}
