import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Deleted to where the tenant was deleted from. */
export async function undelete(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
