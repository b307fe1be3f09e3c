import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { searchAttributeNames } from '../contracts/search-attributes.ts';
import { webhookChangedSignal } from '../domain/workflow-inputs.ts';
import type { OperationInput, StartableOperation, VerificationInput, WebhookInput } from '../domain/workflow-inputs.ts';

/**
 * The id of the workflow of an operation. Starting it is always idempotent, and a tenant's operations share a prefix.
 */
export const operationWorkflowId = (uid: string, operationId: string): string => `tenant/${uid}/${operationId}`;

/** The id of the workflow of a roll-out. */
export const rolloutWorkflowId = (id: string): string => `rollout/${id}`;

/** The id of the workflow of a verification. */
export const verificationWorkflowId = (id: string): string => `verify-isolation/${id}`;

/** The id of the workflow that delivers events to a webhook. */
export const webhookWorkflowId = (uid: string): string => `webhook/${uid}`;

/**
 * Starts and cancels the workflows of the records in MongoDB. A start can be repeated at any time: it finds a running
 * workflow.
 */
export interface WorkflowStarters {
  readonly startOperation: (operation: StartableOperation) => Promise<void>;
  /** Cancels the workflow of an operation. If there is none, the next one finds the cancellation in MongoDB. */
  readonly cancelWorkflow: (operation: Pick<OperationInput, 'operationId' | 'tenant'>) => Promise<void>;
  readonly startRollout: (rollout: {
    readonly id: string;
    readonly template: string;
    readonly version: number;
  }) => Promise<void>;
  readonly startVerification: (verification: VerificationInput) => Promise<void>;
  readonly startWebhook: (webhook: WebhookInput) => Promise<void>;
}

const startOrFind = {
  // MongoDB decides what is finished. If it is not, a closed run was terminated, so the workflow may run again.
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  workflowIdConflictPolicy: 'USE_EXISTING',
  // Short, so that another worker soon takes over from one that died in the middle of a workflow task.
  workflowTaskTimeout: '5s',
} as const satisfies Partial<WorkflowStartOptions>;

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');

export function createWorkflowStarters({
  client,
  taskQueue,
}: {
  readonly client: Pick<Client, 'workflow'>;
  readonly taskQueue: string;
}): WorkflowStarters {
  return {
    async startOperation({ plan, ...input }) {
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
    },
    async cancelWorkflow({ operationId, tenant }) {
      try {
        await client.workflow.getHandle(operationWorkflowId(tenant.uid, operationId)).cancel();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    async startRollout({ id, template, version }) {
      await client.workflow.start('rollOut', {
        ...startOrFind,
        taskQueue,
        workflowId: rolloutWorkflowId(id),
        args: [{ id }],
        staticSummary: `roll out ${template}, version ${version}`,
      });
    },
    async startVerification(input) {
      await client.workflow.start('verifyIsolation', {
        ...startOrFind,
        taskQueue,
        workflowId: verificationWorkflowId(input.id),
        args: [input],
        staticSummary: `verify isolation ${input.names.join(' and ')}`,
      });
    },
    async startWebhook(input) {
      await client.workflow.signalWithStart('deliverWebhook', {
        ...startOrFind,
        signal: webhookChangedSignal,
        signalArgs: [],
        taskQueue,
        workflowId: webhookWorkflowId(input.uid),
        args: [input],
        staticSummary: `deliver events to ${input.name}`,
      });
    },
  };
}

const noop = async (): Promise<void> => undefined;

/** Starters for dry runs, which do not contact Temporal. */
export const noWorkflows: WorkflowStarters = {
  startOperation: noop,
  cancelWorkflow: noop,
  startRollout: noop,
  startVerification: noop,
  startWebhook: noop,
};
