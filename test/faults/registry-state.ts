import assert from 'node:assert/strict';
import { tablesIn } from '../../domain/isolation.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { standings } from './standing.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/** What the registry must say about a tenant without a running operation. */
function declared({ standing, region, mode, plan, services }: KnownTenant) {
  if (standing === 'Purged') throw new TypeError('the registry has no document of a purged tenant');
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

/** Compares what the registry says about a tenant with what is declared for it. */
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
    assert.equal(document, undefined, 'a purged tenant is no longer in the registry');
    assert.equal(tombstone?.operationId, operationId, 'the purge leaves its tombstone');
    assert.equal(tombstone.name, tenant.name);
    return;
  }
  assert.equal(tombstone, undefined, 'only a purge leaves a tombstone');
  assert.ok(document !== undefined, 'the tenant is in the registry');
  assert.deepEqual(found(document), declared(tenant));
}

/** The region that the registry has for a tenant; the preferred one if it was never placed. */
export async function placedIn({ installation: { store } }: TestBed, { uid, region }: KnownTenant): Promise<string> {
  return (await store.resources.findByUid('Tenant', uid))?.placement?.region ?? region;
}
