import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Deleted to nothing but a tombstone: user, roles, data, claim and keys are destroyed. From its first step on it only goes forward. */
export async function purge(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
