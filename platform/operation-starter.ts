import { WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { OperationInput, StartableOperation } from '../domain/operation-input.ts';
import { operationWorkflowId, searchAttributeNames } from '../domain/search-attributes.ts';
import { startOrFind } from './workflow-start.ts';
import type { WorkflowStart } from './workflow-start.ts';

/** Starts the workflow of an accepted operation, or finds the one that runs. May be repeated at any time. */
export type StartOperation = (operation: StartableOperation) => Promise<void>;

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

/** Tells the workflow of an operation to stop and undo. One that is not there is told by what stands in MongoDB. */
export type CancelOperationWorkflow = (operation: Pick<OperationInput, 'operationId' | 'tenant'>) => Promise<void>;

export function createOperationCanceller({ client }: Pick<WorkflowStart, 'client'>): CancelOperationWorkflow {
  return async ({ operationId, tenant }) => {
    try {
      await client.workflow.getHandle(operationWorkflowId(tenant.uid, operationId)).cancel();
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };
}

export function createOperationStarter({ client, taskQueue }: WorkflowStart): StartOperation {
  return async ({ plan, ...input }) => {
    const { kind, operationId, tenant } = input;
    await client.workflow.start(kind, {
      ...startOrFind,
      taskQueue,
      workflowId: operationWorkflowId(tenant.uid, operationId),
      args: [input],
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
