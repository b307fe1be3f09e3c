import assert from 'node:assert/strict';
import { tablesIn } from '../../domain/isolation.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { standings } from './standing.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** What the registry is to say of a tenant that no operation runs on. */
function declared({ standing, region, mode, plan, services }: KnownTenant) {
  if (standing === 'Purged') throw new TypeError('the registry says nothing of a purged tenant');
  const { lifecycle, specLifecycle, deletedFrom, hasHome } = standings[standing];
  return {
    lifecycle,
    specLifecycle,
    specPlan: plan,
    services,
    placement: hasHome ? { region, cell: `${region}-a`, mode } : null,
    plan: hasHome ? plan : null,
    tables: hasHome ? tablesIn(lifecycle, { plan, services }) : 0,
    deletedFrom,
    ready: lifecycle === 'Active' ? 'True' : 'False',
    operation: null,
    pending: null,
    isObserved: true,
  };
}

function found({
  lifecycle,
  spec,
  placement,
  plan,
  tables,
  deletion,
  conditions,
  operation,
  pending,
  generation,
  observedGeneration,
}: TenantDocument): ReturnType<typeof declared> {
  return {
    lifecycle,
    specLifecycle: spec.lifecycle ?? 'Draft',
    specPlan: spec.plan,
    services: spec.services,
    placement: placement === null ? null : { region: placement.region, cell: placement.cell, mode: placement.mode },
    plan: plan?.name ?? null,
    tables,
    deletedFrom: deletion?.from ?? null,
    ready: conditions.find(({ type }) => type === 'Ready')?.status === 'True' ? 'True' : 'False',
    operation: operation as null,
    pending: pending as null,
    isObserved: generation === observedGeneration,
  };
}

/** Holds what the registry says of a tenant against what is declared of it. */
export async function expectRegistry(
  { installation: { store } }: Pick<TestBed, 'installation'>,
  tenant: KnownTenant,
  operationId: string,
): Promise<void> {
  const [document, tombstone] = await Promise.all([
    store.resources.findByUid('Tenant', tenant.uid),
    store.tombstones.find(tenant.uid),
  ]);
  if (tenant.standing === 'Purged') {
    assert.equal(document, undefined, 'a purged tenant is in the registry no more');
    assert.equal(tombstone?.operationId, operationId, 'the purge has left its tombstone');
    assert.equal(tombstone.name, tenant.name);
    return;
  }
  assert.equal(tombstone, undefined, 'only a purge leaves a tombstone');
  assert.ok(document !== undefined, 'the tenant is in the registry');
  assert.deepEqual(found(document), declared(tenant));
}

/** The region that an activation has chosen: another than the preferred one where that was seen to be away. */
export async function placedIn({ installation: { store } }: TestBed, { uid, region }: KnownTenant): Promise<string> {
  return (await store.resources.findByUid('Tenant', uid))?.placement?.region ?? region;
}
