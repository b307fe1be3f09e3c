import type { OperationKind } from '../contracts/lifecycle.ts';

/** The input of a lifecycle workflow. It contains only references, no spec and no secret. */
export interface OperationInput {
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly tenant: { readonly uid: string; readonly name: string };
  readonly requestId: string;
  readonly correlationId: string;
}

/** An operation whose workflow can be started now. */
export interface StartableOperation extends OperationInput {
  /** The tenant's plan, so that workflows can be searched by it. */
  readonly plan: string;
}

/** What a workflow input needs of a stored operation. */
export type StoredOperation = Omit<OperationInput, 'operationId'> & { readonly _id: string };

/** The workflow input of a stored operation. */
export function startable(
  { _id: operationId, kind, tenant, requestId, correlationId }: StoredOperation,
  plan: string,
): StartableOperation {
  return { kind, operationId, tenant, requestId, correlationId, plan };
}

/** The input of a verification's workflow. It contains only references. */
export interface VerificationInput {
  /** Both uids. */
  readonly pair: string;
  readonly id: string;
  /** The tenants' names, for people. */
  readonly names: readonly string[];
}

/** The input of the workflow that delivers events to a webhook. */
export interface WebhookInput {
  readonly uid: string;
  /** For people. */
  readonly name: string;
}

/** Tells the workflow of a webhook that its endpoint may get events again. */
export const webhookChangedSignal = 'changed';

/** The task queue of deliveries: they wait for receivers, and must not take the place of other activities. */
export function webhookTaskQueue(taskQueue: string): string {
  return `${taskQueue}/webhooks`;
}
