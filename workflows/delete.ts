import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Draft or Archived to Deleted: soft, until the time of the purge. */
export async function deleteTenant(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
