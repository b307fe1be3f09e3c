/** The states of a tenant. `Deleted` is reached by deletion only and cannot be declared. */
export const lifecycleStates = ['Draft', 'Active', 'Suspended', 'Archived', 'Deleted'] as const;
export type LifecycleState = (typeof lifecycleStates)[number];

/** What `spec.lifecycle` may say. */
export const declarableLifecycles = ['Draft', 'Active', 'Suspended', 'Archived'] as const;
export type DeclarableLifecycle = (typeof declarableLifecycles)[number];

/** How a tenant's data is kept apart; `domain/isolation.ts` says which of them this version can provision. */
export const isolationModes = ['dedicated', 'schema', 'hybrid'] as const;
export type IsolationMode = (typeof isolationModes)[number];

/** How one service of a tenant keeps its data apart. */
export const serviceStrategies = ['dedicated', 'schema', 'session', 'job', 'batch'] as const;
export type ServiceStrategy = (typeof serviceStrategies)[number];

/** Kinds of change that run as an operation, each a lifecycle path in `workflows/`. */
export const operationKinds = ['activate'] as const;
export type OperationKind = (typeof operationKinds)[number];
