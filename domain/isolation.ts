import type { IsolationMode, LifecycleEnd, LifecycleState, ServiceStrategy } from '../contracts/lifecycle.ts';
import type { CollectionSpec, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';

/** The modes and strategies that this version can provision; the contract defines more. */
export const offeredModes: readonly IsolationMode[] = ['dedicated', 'schema', 'hybrid'];
export const offeredStrategies: readonly ServiceStrategy[] = ['dedicated', 'schema'];

const defaultMode: IsolationMode = 'dedicated';

export function isolationModeOf(spec: TenantSpec): IsolationMode {
  return spec.placement?.mode ?? defaultMode;
}

/** How a service isolates its data in this mode. Each service may choose only if the mode is `hybrid`. */
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

/** The fields of the spec that ask for isolation that is not offered or that contradicts the mode. */
export function isolationFlaws(spec: TenantSpec): ProblemDetail[] {
  const flaws: ProblemDetail[] = [];
  const mode = isolationModeOf(spec);
  if (!offeredModes.includes(mode)) {
    flaws.push({
      pointer: '/spec/placement/mode',
      message: `isolation mode "${mode}" is not offered`,
      allowed: [...offeredModes],
      fix: 'Use one of the offered modes.',
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
        ? 'Remove the strategy, or declare the mode "hybrid", in which each service can have its own strategy.'
        : 'Use one of the offered strategies, or remove it.',
    });
  }
  return flaws;
}

/** All collections of a tenant; their names are unique across its services. */
export function declaredCollections(spec: TenantSpec): CollectionSpec[] {
  return spec.services.flatMap((service) => service.collections);
}

/** WiredTiger tables that the spec needs: one for each collection, its `_id` index, and each declared index. */
export function declaredTables(spec: TenantSpec): number {
  return declaredCollections(spec).reduce((sum, collection) => sum + 2 + collection.indexes.length, 0);
}

/** Which parts of a tenant's home exist on its cell. */
export interface HomeForm {
  /** `none`: the user exists without any role; `absent`: there is no user. */
  readonly access: 'read-write' | 'none' | 'absent';
  /** An archived home has no secondary indexes: they cost tables, and a TTL index would continue to delete. */
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

/** Tables that a home needs in this state: without secondary indexes, only its collections and their `_id` indexes. */
export function tablesIn(state: LifecycleEnd, spec: TenantSpec): number {
  if (state === 'Purged') return 0;
  return homeFormIn(state).secondaryIndexes ? declaredTables(spec) : declaredCollections(spec).length * 2;
}
