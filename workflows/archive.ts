import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Suspended to Archived: remove the user, give up secondary indexes and the budget they cost; the data stays. */
export async function archive(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
