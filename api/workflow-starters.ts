import { createOperationCanceller, createOperationStarter } from '../platform/operation-starter.ts';
import type { CancelOperationWorkflow, StartOperation } from '../platform/operation-starter.ts';
import { createRolloutStarter } from '../platform/rollout-starter.ts';
import type { StartRollout } from '../platform/rollout-starter.ts';
import { createVerificationStarter } from '../platform/verification-starter.ts';
import type { StartVerification } from '../platform/verification-starter.ts';
import type { WorkflowStart } from '../platform/workflow-start.ts';

/** What requests set going in Temporal, or stop. */
export interface WorkflowStarters {
  readonly startOperation: StartOperation;
  readonly cancelWorkflow: CancelOperationWorkflow;
  readonly startRollout: StartRollout;
  readonly startVerification: StartVerification;
}

export function createWorkflowStarters(start: WorkflowStart): WorkflowStarters {
  return {
    startOperation: createOperationStarter(start),
    cancelWorkflow: createOperationCanceller(start),
    startRollout: createRolloutStarter(start),
    startVerification: createVerificationStarter(start),
  };
}

const nothing = async (): Promise<void> => undefined;

/** Tells Temporal nothing. */
export const noWorkflows: WorkflowStarters = { startOperation: nothing, cancelWorkflow: nothing, startRollout: nothing, startVerification: nothing };
