import type { OperationKind } from '../contracts/lifecycle.ts';

/** What a lifecycle workflow is started with. It holds references only, no spec and no secret. */
export interface OperationInput {
  readonly kind: OperationKind;
  readonly operationId: string;
  readonly tenant: { readonly uid: string; readonly name: string };
  readonly requestId: string;
  readonly correlationId: string;
}
