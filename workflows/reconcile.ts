import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** Brings collections, roles and user to what is declared; the tenant stays in its state. */
export async function reconcile(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
