import type { Client } from '@temporalio/client';
import { driftScheduleId } from '../../workers/schedules.ts';
import type { Installation } from './installation.ts';
import { until } from './until.ts';

/** Triggers one scan of all cells through its schedule. Resolves when the scan has ended. */
export async function scanForDrift(
  { taskQueue }: Pick<Installation, 'taskQueue'>,
  client: Pick<Client, 'schedule' | 'workflow'>,
): Promise<{ readonly scanned: number; readonly drifted: number }> {
  const schedule = client.schedule.getHandle(driftScheduleId(taskQueue));
  const seen = (await schedule.describe()).info.numActionsTaken;
  await schedule.trigger();
  const workflowId = await until('the scan has begun', async () => {
    const { info } = await schedule.describe();
    const action = info.recentActions.at(-1)?.action;
    return info.numActionsTaken > seen && action?.type === 'startWorkflow' ? action.workflow.workflowId : undefined;
  });
  return (await client.workflow.getHandle(workflowId).result()) as { scanned: number; drifted: number };
}
