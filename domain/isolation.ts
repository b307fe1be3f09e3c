import type { IsolationMode, LifecycleEnd, LifecycleState, ServiceStrategy } from '../contracts/lifecycle.ts';
import type { CollectionSpec, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';

/** The modes and strategies that this version provisions; the contract names more. */
export const offeredModes: readonly IsolationMode[] = ['dedicated', 'schema', 'hybrid'];
export const offeredStrategies: readonly ServiceStrategy[] = ['dedicated', 'schema'];

const defaultMode: IsolationMode = 'dedicated';

export function isolationModeOf(spec: TenantSpec): IsolationMode {
  return spec.placement?.mode ?? defaultMode;
}

/** How a service of a tenant in this mode keeps its data apart: only where the mode is `hybrid`, each service may choose. */
export function strategyOf(
  service: { readonly strategy?: ServiceStrategy | undefined },
  mode: IsolationMode,
): ServiceStrategy {
  return mode === 'hybrid' ? (service.strategy ?? 'dedicated') : mode;
}

/** The strategies that a service may name in this mode. */
function strategiesIn(mode: IsolationMode): readonly ServiceStrategy[] {
  return mode === 'hybrid' ? offeredStrategies : [mode];
}

/** What in the spec asks for isolation that is not offered, or that contradicts its mode; empty when nothing does. */
export function isolationFlaws(spec: TenantSpec): ProblemDetail[] {
  const flaws: ProblemDetail[] = [];
  const mode = isolationModeOf(spec);
  if (!offeredModes.includes(mode)) {
    flaws.push({
      pointer: '/spec/placement/mode',
      message: `isolation mode "${mode}" is not offered`,
      allowed: [...offeredModes],
      fix: 'Use an offered mode.',
    });
  }
  const allowed = strategiesIn(mode);
  for (const [index, { strategy }] of spec.services.entries()) {
    if (strategy === undefined || allowed.includes(strategy)) continue;
    const isOffered = offeredStrategies.includes(strategy);
    flaws.push({
      pointer: `/spec/services/${index}/strategy`,
      message: isOffered
        ? `strategy "${strategy}" contradicts the isolation mode "${mode}"`
        : `strategy "${strategy}" is not offered`,
      allowed: [...allowed],
      fix: isOffered
        ? 'Leave the strategy out, or declare the mode "hybrid", in which each service may have its own.'
        : 'Use an offered strategy, or leave it out.',
    });
  }
  return flaws;
}

/** All collections of a tenant; their names are unique over its services. */
export function declaredCollections(spec: TenantSpec): CollectionSpec[] {
  return spec.services.flatMap((service) => service.collections);
}

/** Tables of WiredTiger that the spec costs: each collection, its `_id` index, and each declared index count one. */
export function declaredTables(spec: TenantSpec): number {
  return declaredCollections(spec).reduce((sum, collection) => sum + 2 + collection.indexes.length, 0);
}

/** What of a tenant's home stands on its cell. */
export interface HomeForm {
  /** `none`: the user is there without any role; `absent`: there is no user. */
  readonly access: 'read-write' | 'none' | 'absent';
  /** An archived home has given up its secondary indexes: they cost tables, and a TTL index would go on deleting. */
  readonly secondaryIndexes: boolean;
}

const homeForms: Readonly<Record<LifecycleState, HomeForm>> = {
  Draft: { access: 'absent', secondaryIndexes: false },
  Active: { access: 'read-write', secondaryIndexes: true },
  Suspended: { access: 'none', secondaryIndexes: true },
  Archived: { access: 'absent', secondaryIndexes: false },
  Deleted: { access: 'absent', secondaryIndexes: false },
};

/** The form of the home of a tenant in this state. */
export function homeFormIn(state: LifecycleState): HomeForm {
  return homeForms[state];
}

/** Tables that a home costs in this state: one that has given up its secondary indexes, its collections and their `_id` indexes only. */
export function tablesIn(state: LifecycleEnd, spec: TenantSpec): number {
  if (state === 'Purged') return 0;
  return homeFormIn(state).secondaryIndexes ? declaredTables(spec) : declaredCollections(spec).length * 2;
}
