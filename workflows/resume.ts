import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Suspended to Active: give the roles back, probe the boundary; undone by taking them away again. */
export async function resume(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
