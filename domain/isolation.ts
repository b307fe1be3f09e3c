import type { IsolationMode, ServiceStrategy } from '../contracts/lifecycle.ts';
import type { CollectionSpec, IndexSpec, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';

/** The modes and strategies that this version provisions; the contract names more. */
export const offeredModes: readonly IsolationMode[] = ['dedicated'];
export const offeredStrategies: readonly ServiceStrategy[] = ['dedicated'];

const defaultMode: IsolationMode = 'dedicated';

export function isolationModeOf(spec: TenantSpec): IsolationMode {
  return spec.placement?.mode ?? defaultMode;
}

/** What in the spec asks for isolation that is not offered; empty when nothing does. */
export function isolationFlaws(spec: TenantSpec): ProblemDetail[] {
  const flaws: ProblemDetail[] = [];
  const mode = isolationModeOf(spec);
  if (!offeredModes.includes(mode)) {
    flaws.push({ pointer: '/spec/placement/mode', message: `isolation mode "${mode}" is not offered`, allowed: [...offeredModes], fix: 'Use an offered mode.' });
  }
  for (const [index, service] of spec.services.entries()) {
    if (offeredStrategies.includes(service.strategy)) continue;
    flaws.push({
      pointer: `/spec/services/${index}/strategy`,
      message: `strategy "${service.strategy}" is not offered`,
      allowed: [...offeredStrategies],
      fix: 'Use an offered strategy.',
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

/** MongoDB's own default name of an index, unless the manifest names it. */
export function indexName(index: IndexSpec): string {
  return index.name ?? index.keys.map((key) => `${key.field}_${key.order}`).join('_');
}

/** Names on the cell that belong to one tenant. They hold the uid, so they are never used again. */
export interface HomeNames {
  readonly database: string;
  readonly user: string;
  readonly readWriteRole: string;
  readonly readOnlyRole: string;
}

export function homeNames(uid: string): HomeNames {
  return { database: `tenant_${uid}`, user: `tenant_${uid}`, readWriteRole: 'tenant_read_write', readOnlyRole: 'tenant_read_only' };
}

/** Tables that an archived home still costs: its collections and their `_id` indexes. */
export function archivedTables(spec: TenantSpec): number {
  return declaredCollections(spec).length * 2;
}
