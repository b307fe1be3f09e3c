import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { OperationInput } from '../domain/operation-input.ts';
import { operationWorkflowId, rolloutWorkflowId, searchAttributeNames } from '../domain/search-attributes.ts';

export interface StartableOperation extends OperationInput {
  readonly plan: string;
}

/** Starts the workflow of a roll-out, or finds the one that runs. May be repeated at any time. */
export type StartRollout = (rollout: { readonly id: string; readonly template: string; readonly version: number }) => Promise<void>;

export function createRolloutStarter({ client, taskQueue }: OperationStarterDependencies): StartRollout {
  return async ({ id, template, version }) => {
    await client.workflow.start('rollOut', {
      taskQueue,
      workflowId: rolloutWorkflowId(id),
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ id }],
      workflowTaskTimeout: '5s',
      staticSummary: `roll out ${template}, version ${version}`,
    });
  };
}

/** Starts the workflow of an accepted operation, or finds the one that runs. May be repeated at any time. */
export type StartOperation = (operation: StartableOperation) => Promise<void>;

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** Tells the workflow of an operation to stop and undo. One that is not there is told by what stands in MongoDB. */
export type CancelOperationWorkflow = (operation: Pick<OperationInput, 'operationId' | 'tenant'>) => Promise<void>;

export function createOperationCanceller({ client }: Pick<OperationStarterDependencies, 'client'>): CancelOperationWorkflow {
  return async ({ operationId, tenant }) => {
    try {
      await client.workflow.getHandle(operationWorkflowId(tenant.uid, operationId)).cancel();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };
}

export interface OperationStarterDependencies {
  readonly client: Pick<Client, 'workflow'>;
  readonly taskQueue: string;
}

export function createOperationStarter({ client, taskQueue }: OperationStarterDependencies): StartOperation {
  return async ({ plan, ...input }) => {
    const { kind, operationId, tenant } = input;
    await client.workflow.start(kind, {
      taskQueue,
      workflowId: operationWorkflowId(tenant.uid, operationId),
      // A closed run whose operation is not finished was terminated; what stands in MongoDB decides, so it may run again.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
      // How soon another worker takes over from one that died in the middle of a workflow task.
      workflowTaskTimeout: '5s',
      staticSummary: `${kind} ${tenant.name}`,
      staticDetails: `Operation \`${operationId}\` of tenant **${tenant.name}** (\`${tenant.uid}\`), plan ${plan}.`,
      typedSearchAttributes: [
        { key: keyword(searchAttributeNames.tenant), value: tenant.name },
        { key: keyword(searchAttributeNames.tenantUid), value: tenant.uid },
        { key: keyword(searchAttributeNames.operationKind), value: kind },
        { key: keyword(searchAttributeNames.operationId), value: operationId },
        { key: keyword(searchAttributeNames.plan), value: plan },
      ],
    });
  };
}
