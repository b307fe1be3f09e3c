import { randomUUID } from 'node:crypto';
import { isolationModes } from '../../contracts/lifecycle.ts';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import { layoutOf } from '../../domain/home-layout.ts';
import { ended } from '../harness/lifecycle.ts';
import { manifestOf, plans, servicesFor } from './declarations.ts';
import { ask } from './requests.ts';
import type { KnownTenant, Standing } from './standing.ts';
import type { TestBed } from './test-bed.ts';

/**
 * Tenants for the cases. The lifecycle paths themselves prepare them, and they are used again in the state in which a
 * case leaves them.
 */
export interface KnownTenants {
  /** Returns a tenant in this state and region. If it has been Active, it has the documents of `plant`. */
  take(standing: Standing, region: string): Promise<KnownTenant>;
  /** Makes a tenant available again. It must have matched what is declared for it. */
  giveBack(tenant: KnownTenant): void;
  /** Returns a new Draft, for a case that declares something of its own. */
  draft(region: string, services?: KnownTenant['services']): Promise<KnownTenant>;
}

/**
 * Paths into each state. If no tenant is in any of the `from` states, the last path is taken, with a tenant prepared
 * for it.
 */
const ways: Readonly<
  Record<Exclude<Standing, 'Purged'>, readonly { readonly from: Standing; readonly by: OperationKind }[]>
> = {
  Draft: [{ from: 'Deleted Draft', by: 'undelete' }],
  Active: [
    { from: 'Suspended', by: 'resume' },
    { from: 'Archived', by: 'reactivate' },
    { from: 'Draft', by: 'activate' },
  ],
  Suspended: [{ from: 'Active', by: 'suspend' }],
  Archived: [
    { from: 'Deleted', by: 'undelete' },
    { from: 'Suspended', by: 'archive' },
  ],
  'Deleted Draft': [{ from: 'Draft', by: 'delete' }],
  Deleted: [{ from: 'Archived', by: 'delete' }],
};

const plantedPerCollection = 3;

/** Inserts documents into every collection of a tenant, as root. They must remain until the tenant is purged. */
export async function plant({ cells }: TestBed, tenant: KnownTenant): Promise<KnownTenant> {
  const { uid, mode, services, plan, region } = tenant;
  for (const { declared, database, name } of layoutOf({ uid, mode, spec: { plan, services } }).namespaces) {
    const documents = Array.from({ length: plantedPerCollection }, (_, number) => ({
      sku: `planted ${number}`,
      collection: declared.name,
    }));
    await cells
      .get(region)
      ?.db(database)
      .collection(name)
      .insertMany(documents, { writeConcern: { w: 'majority' } });
  }
  return {
    ...tenant,
    documents: Object.fromEntries(
      services.flatMap(({ collections }) => collections.map(({ name }) => [name, plantedPerCollection])),
    ),
  };
}

export function createKnownTenants(bed: TestBed): KnownTenants {
  const standing = new Map<string, KnownTenant[]>();
  let made = 0;

  function placeOf(where: Standing, region: string): KnownTenant[] {
    const place = standing.get(`${where} ${region}`) ?? [];
    standing.set(`${where} ${region}`, place);
    return place;
  }

  async function draft(region: string, declared?: KnownTenant['services']): Promise<KnownTenant> {
    made += 1;
    const mode = isolationModes[made % isolationModes.length] ?? 'dedicated';
    const [plan] = plans;
    const base = { name: `t${made}`, region, mode, plan, services: declared ?? servicesFor(mode) };
    const { body } = await bed.api.call('createTenant', { body: manifestOf(base), idempotencyKey: randomUUID() });
    return { ...base, uid: body.tenant.metadata.uid, standing: 'Draft', documents: {} };
  }

  async function bring(tenant: KnownTenant, by: OperationKind, to: Standing): Promise<KnownTenant> {
    const { id } = await ask(bed, by, tenant, tenant);
    const { state, error } = await ended(bed.api, id);
    if (state !== 'succeeded')
      throw new Error(`cannot prepare ${tenant.name}: ${by} ${state}: ${JSON.stringify(error)}`);
    const there = { ...tenant, standing: to };
    return by === 'activate' ? plant(bed, there) : there;
  }

  async function take(wanted: Standing, region: string): Promise<KnownTenant> {
    if (wanted === 'Purged') throw new TypeError('no case begins with a purged tenant');
    const there = placeOf(wanted, region).pop();
    if (there !== undefined) return there;
    for (const { from, by } of ways[wanted]) {
      const before = placeOf(from, region).pop();
      if (before !== undefined) return bring(before, by, wanted);
    }
    const last = ways[wanted].at(-1);
    if (wanted === 'Draft' || last === undefined) return draft(region);
    return bring(await take(last.from, region), last.by, wanted);
  }

  return {
    take,
    giveBack: (tenant) => void placeOf(tenant.standing, tenant.region).push(tenant),
    draft: (region, services) => draft(region, services),
  };
}
