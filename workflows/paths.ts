import type { OperationInput } from '../domain/operation-input.ts';
import { runOperation } from './run-operation.ts';
import type { OperationOutcome } from './run-operation.ts';

// The workflow types of the lifecycle paths. Each runs the steps that `domain/step-plan.ts` lists for its path, and undoes them in
// reverse where it fails or is cancelled.

/** The lifecycle path Draft to Active: place, issue keys, claim, collections, roles, user, probe; undone back to Draft. */
export async function activate(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Active to Suspended: end leases, take the roles away and end what still runs; undone by giving them back. */
export async function suspend(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Suspended to Active: give the roles back, probe the boundary; undone by taking them away again. */
export async function resume(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Suspended to Archived: remove the user, give up secondary indexes and the budget they cost; the data stays. */
export async function archive(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Archived to Active: take budget, build the indexes, give user and roles back, probe. */
export async function reactivate(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Draft or Archived to Deleted: soft, until the time of the purge. */
export async function deleteTenant(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Deleted to where the tenant was deleted from. */
export async function undelete(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** The declared plan takes effect; the tenant stays in its state. */
export async function changePlan(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Brings collections, roles and user to what is declared; the tenant stays in its state. */
export async function reconcile(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}

/** Deleted to nothing but a tombstone: user, roles, data, claim and keys are destroyed. From its first step on it only goes forward. */
export async function purge(input: OperationInput): Promise<OperationOutcome> {
  return runOperation(input);
}
