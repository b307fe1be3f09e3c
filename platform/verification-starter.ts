import { verificationWorkflowId } from '../domain/search-attributes.ts';
import type { VerificationInput } from '../domain/verification-input.ts';
import { startOrFind } from './workflow-start.ts';
import type { WorkflowStart } from './workflow-start.ts';

/** Starts the workflow of an accepted verification, or finds the one that runs. May be repeated at any time. */
export type StartVerification = (verification: VerificationInput) => Promise<void>;

export function createVerificationStarter({ client, taskQueue }: WorkflowStart): StartVerification {
  return async (input) => {
    await client.workflow.start('verifyIsolation', { ...startOrFind, taskQueue, workflowId: verificationWorkflowId(input.id), args: [input], staticSummary: `verify isolation ${input.names.join(' and ')}` });
  };
}
