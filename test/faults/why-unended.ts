import { inspect } from 'node:util';
import type { RunningOperation } from './requests.ts';
import type { TestBed } from './test-bed.ts';

const outputCharacters = 4_000;

async function workflowState({ temporal }: TestBed, workflowId: string): Promise<unknown> {
  try {
    const { status, historyLength, raw } = await temporal.workflow.getHandle(workflowId).describe();
    return {
      status: status.name,
      historyLength,
      workflowTask: raw.pendingWorkflowTask,
      activities: raw.pendingActivities?.map(({ activityType, attempt, state, lastFailure, scheduledTime }) => ({
        type: activityType?.name,
        attempt,
        state,
        scheduledTime,
        lastFailure: lastFailure?.message,
      })),
    };
  } catch (error) {
    return String(error);
  }
}

/** What is known about an operation that does not end: its document, its workflow, the sweeps, and the worker's log. */
export async function whyUnended(bed: TestBed, { id, workflowId }: RunningOperation): Promise<string> {
  const { store, worker, taskQueue } = bed.installation;
  const operation = await store.operations.find(id);
  const sweeps: Record<string, unknown> = {};
  const query = `WorkflowType = 'sweep' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
  for await (const sweep of bed.temporal.workflow.list({ query }))
    sweeps[sweep.workflowId] = await workflowState(bed, sweep.workflowId);
  return inspect(
    {
      now: new Date(),
      operation,
      workflow: await workflowState(bed, workflowId),
      sweeps,
      output: worker.output().slice(-outputCharacters),
    },
    { depth: 8, breakLength: 160 },
  );
}
