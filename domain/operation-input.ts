import type { OperationKind } from '../contracts/lifecycle.ts';

/** What a lifecycle workflow is started with. It holds references only, no spec and no secret. */
export interface OperationInput {
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly tenant: { readonly uid: string; readonly name: string };
  readonly requestId: string;
  readonly correlationId: string;
}

/** An operation whose workflow may be started now. */
export interface StartableOperation extends OperationInput {
  /** The tenant's, for those who search for workflows by it. */
  readonly plan: string;
}

/** What the workflow of an operation that stands in the control database is started with. */
export function startable(
  {
    _id: operationId,
    kind,
    tenant,
    requestId,
    correlationId,
  }: Omit<OperationInput, 'operationId'> & { readonly _id: string },
  plan: string,
): StartableOperation {
  return { kind, operationId, tenant, requestId, correlationId, plan };
}
