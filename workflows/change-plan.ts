import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** The declared plan takes effect; the tenant stays in its state. */
export async function changePlan(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
