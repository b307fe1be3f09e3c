import type { Client } from '@temporalio/client';
import { verificationWorkflowId } from '../domain/search-attributes.ts';
import type { VerificationInput } from '../domain/verification-input.ts';

/** Starts the workflow of an accepted verification, or finds the one that runs. May be repeated at any time. */
export type StartVerification = (verification: VerificationInput) => Promise<void>;

export interface VerificationStarterDependencies {
  readonly client: Pick<Client, 'workflow'>;
  readonly taskQueue: string;
}

export function createVerificationStarter({ client, taskQueue }: VerificationStarterDependencies): StartVerification {
  return async (input) => {
    await client.workflow.start('verifyIsolation', {
      taskQueue,
      workflowId: verificationWorkflowId(input.id),
      // A closed run whose verification is still under way was terminated; what stands in MongoDB decides, so it may run again.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
      workflowTaskTimeout: '5s',
      staticSummary: `verify isolation ${input.names.join(' and ')}`,
    });
  };
}
