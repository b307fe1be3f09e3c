/** The states of a tenant. `Deleted` is reached by deletion only and cannot be declared. */
export const lifecycleStates = ['Draft', 'Active', 'Suspended', 'Archived', 'Deleted'] as const;
export type LifecycleState = (typeof lifecycleStates)[number];

/** What `spec.lifecycle` may say. */
export const declarableLifecycles = ['Draft', 'Active', 'Suspended', 'Archived'] as const;
export type DeclarableLifecycle = (typeof declarableLifecycles)[number];

/** Where a path can lead: to a state, or out of the registry, where only a tombstone is left. */
export type LifecycleEnd = LifecycleState | 'Purged';

/** How a tenant's data is kept apart; `domain/isolation.ts` says which of them this version can provision. */
export const isolationModes = ['dedicated', 'schema', 'hybrid'] as const;
export type IsolationMode = (typeof isolationModes)[number];

/** How one service of a tenant keeps its data apart. */
export const serviceStrategies = ['dedicated', 'schema', 'session', 'job', 'batch'] as const;
export type ServiceStrategy = (typeof serviceStrategies)[number];

/** Kinds of change that run as an operation, each a lifecycle path in `workflows/`. */
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

/** One way a tenant can go. */
export interface Transition {
  readonly path: OperationKind;
  readonly from: LifecycleState;
  /** The same as `from` for a path that changes something else than the state. */
  readonly to: LifecycleEnd;
}

/**
 * Every way a tenant can go; what is not here is refused. An operation that fails or is cancelled leaves the tenant
 * where it was. A deleted tenant goes back to where it was deleted from.
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
