import { runOperation } from './run-operation.ts';

// The workflow types of the lifecycle paths. Each runs the steps that `domain/step-plan.ts` lists for its path, and undoes them in
// reverse where it fails or is cancelled.

/** The lifecycle path Draft to Active: place, issue keys, claim, collections, roles, user, probe; undone back to Draft. */
export const activate = runOperation;

/** Active to Suspended: end leases, take the roles away and end what still runs; undone by giving them back. */
export const suspend = runOperation;

/** Suspended to Active: give the roles back, probe the boundary; undone by taking them away again. */
export const resume = runOperation;

/** Suspended to Archived: remove the user, give up secondary indexes and the budget they cost; the data stays. */
export const archive = runOperation;

/** Archived to Active: take budget, build the indexes, give user and roles back, probe. */
export const reactivate = runOperation;

/** Draft or Archived to Deleted: soft, until the time of the purge. */
export const deleteTenant = runOperation;

/** Deleted to where the tenant was deleted from. */
export const undelete = runOperation;

/** The declared plan takes effect; the tenant stays in its state. */
export const changePlan = runOperation;

/** Brings collections, roles and user to what is declared; the tenant stays in its state. */
export const reconcile = runOperation;

/** Deleted to nothing but a tombstone: user, roles, data, claim and keys are destroyed. From its first step on it only goes forward. */
export const purge = runOperation;
