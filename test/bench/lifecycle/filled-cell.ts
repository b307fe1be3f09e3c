import { randomBytes } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import type { TenantSpec } from '../../../contracts/manifests/tenant.ts';
import { updateConditions } from '../../../domain/conditions.ts';
import { layoutOf } from '../../../domain/home-layout.ts';
import { declaredTables, homeFormIn } from '../../../domain/isolation.ts';
import { conditionsAfterSuccess } from '../../../domain/operation-outcomes.ts';
import type { Cell } from '../../../engines/isolation/cells.ts';
import { forEachConcurrent } from '../../../platform/each-at-most.ts';
import { describeHome } from '../../../engines/isolation/home.ts';
import type { HomeStep } from '../../../engines/isolation/home-step.ts';
import { claimHome } from '../../../engines/isolation/parts/claim.ts';
import { createCollections } from '../../../engines/isolation/parts/collections.ts';
import { createRoles } from '../../../engines/isolation/parts/roles.ts';
import { createTenantUser } from '../../../engines/isolation/parts/user.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import type { TenantDocument } from '../../../store/documents.ts';
import { draftTenant } from '../../../store/tenants.ts';
import { withSearchKeys } from '../../../store/tenant-search-keys.ts';
import type { Installation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { progress } from '../progress.ts';

/** Four collections with two indexes each: sixteen tables. */
const spec: TenantSpec = tenantSpecSchema.parse(
  tenantManifest('any', {
    lifecycle: 'Active',
    services: [
      {
        name: 'shop',
        collections: ['orders', 'events', 'items', 'people'].map((name) => ({
          name,
          indexes: [{ keys: [{ field: 'at' }] }, { keys: [{ field: 'kind' }] }],
        })),
      },
    ],
  }).spec,
);

export const tablesOfHome = declaredTables(spec);
export const collectionsOfHome = 4;

const atOnce = 8;
const patienceMs = 60_000;
const parts: readonly HomeStep[] = [claimHome, createCollections, createRoles];
const user = createTenantUser(async () => randomBytes(32).toString('base64url'));

/** An Active tenant that has its home on the cell. */
function tenantOf(uid: string, name: string, cell: Cell, time: Date): TenantDocument {
  const draft = draftTenant(uid, name, { labels: {}, annotations: {}, spec }, time);
  const mode = 'dedicated';
  return {
    ...draft,
    lifecycle: 'Active',
    observedGeneration: 1,
    lastFence: 1,
    conditions: updateConditions([], conditionsAfterSuccess('activate', 'Active'), {
      time: time.toISOString(),
      generation: 1,
    }),
    placement: { region: 'eu-west-1', cell: cell.name, mode, database: layoutOf({ uid, spec, mode }).database },
    tables: tablesOfHome,
    plan: { name: 'startup', generation: 1, bindTime: time },
  };
}

export interface FillTarget extends Pick<Installation, 'name' | 'store' | 'databases'> {
  readonly control: MongoClient;
  readonly cell: Cell;
}

/**
 * Makes this many homes on the cell in the way that the steps of an activation do, and inserts their tenants into the
 * registry.
 */
export async function fillCell(
  { name: installation, store, databases, control, cell }: FillTarget,
  count: number,
): Promise<void> {
  const { resources } = controlDatabase(control, databases);
  let made = 0;
  await forEachConcurrent(
    atOnce,
    Array.from({ length: count }, () => store.newId()),
    async (uid) => {
      const until = performance.now() + patienceMs;
      const lease = { remainingMs: () => Math.max(1, Math.floor(until - performance.now())) };
      const home = describeHome({
        installation,
        uid,
        operationId: 'fill',
        mode: 'dedicated',
        user: null,
        spec,
        form: homeFormIn('Active'),
        config: {},
        cell,
        lease,
      });
      for (const part of parts) await part.ensure(home);
      const { user: databaseUser = null } = await user.ensure(home);
      await resources.insertOne(withSearchKeys({ ...tenantOf(uid, `filling-${uid}`, cell, new Date()), databaseUser }));
      made += 1;
      if (made % 100 === 0) progress(`cells: ${made} of ${count} homes made`);
    },
  );
  await store.prepare();
}
