import type { Client, WorkflowStartOptions } from '@temporalio/client';

/** What it takes to start a workflow. */
export interface WorkflowStart {
  readonly client: Pick<Client, 'workflow'>;
  readonly taskQueue: string;
}

/** Options by which a start may be repeated at any time: it starts the workflow, or finds the one that runs. */
export const startOrFind = {
  // A closed run of what is not finished was terminated; what stands in MongoDB decides, so it may run again.
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  workflowIdConflictPolicy: 'USE_EXISTING',
  // How soon another worker takes over from one that died in the middle of a workflow task.
  workflowTaskTimeout: '5s',
} as const satisfies Partial<WorkflowStartOptions>;
