import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

/** The lifecycle path Draft to Active: place, issue keys, claim, collections, roles, user, probe; undone back to Draft. */
export async function activate(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
