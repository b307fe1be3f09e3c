/**
 * Collections of the control database that are only added to: nothing in them is ever changed or removed, and the plane's
 * user on the control deployment may do neither.
 */
export const addedToCollections = ['ledger', 'log_positions', 'log_tiles', 'log_checkpoints', 'log_keys'] as const;

/** Its other collections. */
export const changedCollections = [
  'resources',
  'revisions',
  'operations',
  'log_head',
  'idempotency',
  'cells',
  'cell_identities',
  'cellTables',
  'standings',
  'leases',
  'accessTurns',
  'tombstones',
  'brakes',
  'backoffs',
  'drift',
  'rollouts',
  'rollout_members',
  'verifications',
  'webhook_progress',
  'webhook_deliveries',
  'webhook_attempts',
] as const;
