import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Active to Suspended: end leases, take the roles away and end what still runs; undone by giving them back. */
export async function suspend(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
