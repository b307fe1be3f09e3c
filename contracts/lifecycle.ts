/** The states of a tenant. `Deleted` is reached only by deletion and cannot be declared. */
export const lifecycleStates = ['Draft', 'Active', 'Suspended', 'Archived', 'Deleted'] as const;
export type LifecycleState = (typeof lifecycleStates)[number];

/** The allowed values of `spec.lifecycle`. */
export const declarableLifecycles = ['Draft', 'Active', 'Suspended', 'Archived'] as const;
export type DeclarableLifecycle = (typeof declarableLifecycles)[number];

/** Where a path can lead: to a state, or out of the registry, leaving only a tombstone. */
export type LifecycleEnd = LifecycleState | 'Purged';

/** How a tenant's data is isolated; `domain/isolation.ts` lists the modes that this version can provision. */
export const isolationModes = ['dedicated', 'schema', 'hybrid'] as const;
export type IsolationMode = (typeof isolationModes)[number];

/** How the data of one service of a tenant is isolated. */
export const serviceStrategies = ['dedicated', 'schema', 'session', 'job', 'batch'] as const;
export type ServiceStrategy = (typeof serviceStrategies)[number];

/** Kinds of operation. Each is a lifecycle path in `workflows/`. */
export const operationKinds = [
  'activate',
  'suspend',
  'resume',
  'archive',
  'reactivate',
  'delete',
  'undelete',
  'purge',
  'change_plan',
  'reconcile',
] as const;
export type OperationKind = (typeof operationKinds)[number];

/** One allowed transition of a tenant. */
export interface Transition {
  readonly path: OperationKind;
  readonly from: LifecycleState;
  /** The same as `from` for a path that does not change the state. */
  readonly to: LifecycleEnd;
}

/**
 * All allowed transitions; every other one is refused. An operation that fails or is cancelled leaves the tenant in its
 * previous state. Undelete returns a tenant to the state from which it was deleted.
 */
export const transitions = [
  { path: 'activate', from: 'Draft', to: 'Active' },
  { path: 'suspend', from: 'Active', to: 'Suspended' },
  { path: 'resume', from: 'Suspended', to: 'Active' },
  { path: 'archive', from: 'Suspended', to: 'Archived' },
  { path: 'reactivate', from: 'Archived', to: 'Active' },
  { path: 'delete', from: 'Draft', to: 'Deleted' },
  { path: 'delete', from: 'Archived', to: 'Deleted' },
  { path: 'undelete', from: 'Deleted', to: 'Draft' },
  { path: 'undelete', from: 'Deleted', to: 'Archived' },
  { path: 'purge', from: 'Deleted', to: 'Purged' },
  { path: 'change_plan', from: 'Active', to: 'Active' },
  { path: 'change_plan', from: 'Suspended', to: 'Suspended' },
  { path: 'reconcile', from: 'Active', to: 'Active' },
  { path: 'reconcile', from: 'Suspended', to: 'Suspended' },
  { path: 'reconcile', from: 'Archived', to: 'Archived' },
] as const satisfies readonly Transition[];
