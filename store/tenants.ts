import type { TenantSpec } from '../contracts/manifests/tenant.ts';
import { storageVersion } from './documents.ts';
import type { TenantDocument } from './documents.ts';
import type { Declaration } from './resources.ts';

/** A tenant that has just been declared: a Draft without a home. `revision`: its first revision. */
export function draftTenant(
  uid: string,
  name: string,
  declaration: Declaration<TenantSpec>,
  time: Date,
  revision = 1,
): TenantDocument {
  return {
    _id: uid,
    storageVersion,
    kind: 'Tenant',
    name,
    ...declaration,
    generation: 1,
    revision,
    createTime: time,
    updateTime: time,
    lifecycle: 'Draft',
    observedGeneration: 0,
    conditions: [],
    placement: null,
    tables: 0,
    operation: null,
    databaseUser: null,
    lastFence: 0,
    epoch: 1,
    pending: null,
    deletion: null,
    plan: null,
    scheduledPlan: null,
    owners: {},
  };
}
