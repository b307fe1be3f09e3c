import type { MongoClient } from 'mongodb';
import type { LifecycleState } from '../../../contracts/lifecycle.ts';
import { tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import { updateConditions } from '../../../domain/conditions.ts';
import { declaredTables } from '../../../domain/isolation.ts';
import { conditionsAfterSuccess } from '../../../domain/operation-outcomes.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import type { ControlDatabaseNames } from '../../../store/control-database.ts';
import { storageVersion } from '../../../store/documents.ts';
import type { RevisionDocument, TenantDocument } from '../../../store/documents.ts';
import { withTexts } from '../../../store/free-json.ts';
import type { Store } from '../../../store/store.ts';
import { draftTenant } from '../../../store/tenants.ts';
import { withSearchKeys } from '../../../store/tenant-search-keys.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { progress } from '../progress.ts';

/** The states of every twenty tenants in a row. */
const states: readonly LifecycleState[] = [
  ...Array<LifecycleState>(14).fill('Active'),
  'Suspended',
  'Suspended',
  'Archived',
  'Archived',
  'Draft',
  'Deleted',
];
const plans = ['startup', 'startup', 'startup', 'enterprise'] as const;
const environments = ['prod', 'dev'] as const;
/** A prime number, so that a team has tenants of every kind. */
export const teams = 97;

/** Cells that do not exist: their tenants are only in the registry. */
const cells = 40;
const day = 86_400_000;
const batchSize = 1_000;

const { services } = tenantSpecSchema.parse(tenantManifest('any').spec);

export const seededName = (index: number): string => `seeded-${String(index).padStart(6, '0')}`;

/** The tenant with this number: always the same, except for its uid and times. It has no due work. */
export function seededTenant(uid: string, index: number, time: Date): TenantDocument {
  const lifecycle = states[index % states.length] ?? 'Active';
  const plan = plans[index % plans.length] ?? 'startup';
  const labels = {
    env: environments[index % 3 === 0 ? 1 : 0] ?? 'prod',
    team: `t${index % teams}`,
    owner: `o${Math.floor(index / 10)}`,
  };
  const draft = draftTenant(
    uid,
    seededName(index),
    {
      labels,
      annotations: { note: 'seeded' },
      spec: { plan, lifecycle: lifecycle === 'Deleted' ? 'Archived' : lifecycle, services },
    },
    time,
  );
  if (lifecycle === 'Draft') return draft;
  const spec = { ...draft.spec };
  const at = { time: time.toISOString(), generation: 1 };
  const activated = updateConditions([], conditionsAfterSuccess('activate', 'Active'), at);
  return {
    ...draft,
    spec,
    lifecycle,
    observedGeneration: 1,
    lastFence: 1,
    conditions:
      lifecycle === 'Active'
        ? activated
        : updateConditions(
            activated,
            [{ type: 'Ready', status: 'False', reason: lifecycle, message: `the tenant is ${lifecycle}` }],
            at,
          ),
    placement: {
      region: index % 2 === 0 ? 'eu-west-1' : 'us-east-1',
      cell: `elsewhere-${index % cells}`,
      mode: 'dedicated',
      database: `tenant_${uid}`,
    },
    tables: declaredTables(spec),
    plan: { name: plan, generation: 1, bindTime: time },
    deletion:
      lifecycle === 'Deleted'
        ? { from: 'Archived', deleteTime: time, purgeTime: new Date(time.getTime() + 30 * day) }
        : null,
    scheduledPlan:
      index % 100 === 1
        ? {
            name: 'enterprise',
            time: new Date(time.getTime() + 30 * day),
            actor: { subject: 'alice@example.com', roles: ['admin'] },
            requestId: 'seed',
            correlationId: 'seed',
          }
        : null,
  };
}

export interface SeedTarget {
  readonly client: MongoClient;
  readonly names: ControlDatabaseNames;
  readonly store: Pick<Store, 'newId'>;
}

/**
 * Inserts the tenants with the numbers `from` to `to - 1` into the registry, in the form in which the store keeps them,
 * each with its revision.
 */
export async function seedTenants({ client, names, store }: SeedTarget, from: number, to: number): Promise<void> {
  const { resources, revisions } = controlDatabase(client, names);
  const time = new Date();
  for (let begin = from; begin < to; begin += batchSize) {
    if (begin % 10_000 === 0) progress(`registry: seeding from ${begin} to ${to}`);
    const tenants = Array.from({ length: Math.min(batchSize, to - begin) }, (_, offset) =>
      seededTenant(store.newId(), begin + offset, time),
    );
    const made = tenants.map(({ _id: uid, kind, name, labels, annotations, spec }): RevisionDocument =>
      withTexts({
        _id: { uid, generation: 1 },
        storageVersion,
        kind,
        name,
        labels,
        annotations,
        spec,
        time,
        ledgerEntry: 'seed',
      }),
    );
    await Promise.all([
      resources.insertMany(
        tenants.map((tenant) => withTexts(withSearchKeys(tenant))),
        { ordered: false },
      ),
      revisions.insertMany(made, { ordered: false }),
    ]);
  }
}
