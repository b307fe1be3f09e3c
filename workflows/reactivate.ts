import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Archived to Active: take budget, build the indexes, give user and roles back, probe. */
export async function reactivate(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
