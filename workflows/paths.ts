import { runOperation } from './run-operation.ts';

// The workflow types of the lifecycle paths. Each runs the steps that `domain/step-plan.ts` lists for its path, and
// undoes them in reverse order if it fails or is cancelled.

/** Draft to Active: place, issue keys, claim, collections, roles, user, probe; undone back to Draft. */
export const activate = runOperation;

/** Active to Suspended: end leases, revoke the roles and end what still runs; undone by granting access again. */
export const suspend = runOperation;

/** Suspended to Active: grant access again, probe the boundary; undone by revoking it. */
export const resume = runOperation;

/** Suspended to Archived: remove the user, drop secondary indexes and release the budget they cost; the data stays. */
export const archive = runOperation;

/** Archived to Active: reserve budget, build the indexes, grant user and roles again, probe. */
export const reactivate = runOperation;

/** Draft or Archived to Deleted: soft, until the time of the purge. */
export const deleteTenant = runOperation;

/** Deleted to the state from which the tenant was deleted. */
export const undelete = runOperation;

/** The declared plan takes effect; the tenant stays in its state. */
export const changePlan = runOperation;

/** Brings collections, roles and user to their declared form; the tenant stays in its state. */
export const reconcile = runOperation;

/**
 * Deleted to only a tombstone: user, roles, data, claim and keys are destroyed. From its first step on it only goes
 * forward.
 */
export const purge = runOperation;
