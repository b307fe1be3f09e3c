import { rolloutWorkflowId } from '../domain/search-attributes.ts';
import { startOrFind } from './workflow-start.ts';
import type { WorkflowStart } from './workflow-start.ts';

/** Starts the workflow of a roll-out, or finds the one that runs. May be repeated at any time. */
export type StartRollout = (rollout: { readonly id: string; readonly template: string; readonly version: number }) => Promise<void>;

export function createRolloutStarter({ client, taskQueue }: WorkflowStart): StartRollout {
  return async ({ id, template, version }) => {
    await client.workflow.start('rollOut', { ...startOrFind, taskQueue, workflowId: rolloutWorkflowId(id), args: [{ id }], staticSummary: `roll out ${template}, version ${version}` });
  };
}
