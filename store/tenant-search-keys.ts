import { facetScheme, facetsOf } from '../domain/tenant-facets.ts';
import { fullScan } from './reading.ts';
import type { ControlDatabase } from './control-database.ts';
import type { ResourceDocument, StoredResource, TenantDocument } from './documents.ts';

/** Leaves out the fields that are stored only for searching. */
export const withoutSearchKeys = { facets: 0, facetScheme: 0 } as const;

/** A document in its stored form. This is the only place where facets are derived. */
export function withSearchKeys(document: ResourceDocument): StoredResource {
  return document.kind === 'Tenant' ? { ...document, facets: facetsOf(document), facetScheme } : document;
}

type FacetFields = Pick<
  TenantDocument,
  '_id' | 'revision' | 'spec' | 'labels' | 'placement' | 'conditions' | 'plan' | 'scheduledPlan'
>;

const batchSize = 500;

/**
 * If an older build keeps writing, this does not wait for it: the next process of this build that starts updates what
 * it stored.
 */
const maxPasses = 5;

/**
 * Derives the facets of tenants that were stored without them or under another scheme. Facets contain nothing that is
 * not in the tenant, so the tenant's revision does not change and there is no entry. Safe to run in several processes
 * and while tenants change: a tenant that has changed since it was read was stored with new facets, and is checked
 * again.
 */
export async function deriveMissingSearchKeys({ resources }: Pick<ControlDatabase, 'resources'>): Promise<void> {
  for (let pass = 1; pass <= maxPasses; pass += 1) {
    const stale = resources
      .find({ kind: 'Tenant', facetScheme: { $ne: facetScheme } }, fullScan)
      .project<FacetFields>({ revision: 1, spec: 1, labels: 1, placement: 1, conditions: 1, plan: 1, scheduledPlan: 1 })
      .batchSize(batchSize);
    let batch: FacetFields[] = [];
    let found = false;
    const write = async (): Promise<void> => {
      if (batch.length === 0) return;
      const updates = batch.map((tenant) => ({
        updateOne: {
          filter: { _id: tenant._id, revision: tenant.revision },
          update: { $set: { facets: facetsOf(tenant), facetScheme } },
        },
      }));
      await resources.bulkWrite(updates, { ordered: false });
      batch = [];
    };
    for await (const tenant of stale) {
      found = true;
      batch.push(tenant);
      if (batch.length === batchSize) await write();
    }
    await write();
    if (!found) return;
  }
}
