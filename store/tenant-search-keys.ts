import { facetScheme, facetsOf } from '../domain/tenant-facets.ts';
import { goingOverAll } from './bounded-reads.ts';
import type { ControlDatabase } from './control-database.ts';
import type { ResourceDocument, StoredResource, TenantDocument } from './documents.ts';

/** Leaves out what is stored only to search by. */
export const withoutSearchKeys = { facets: 0, facetScheme: 0 } as const;

/** A document as it is stored: the one place where facets are derived. */
export function withSearchKeys(document: ResourceDocument): StoredResource {
  return document.kind === 'Tenant' ? { ...document, facets: facetsOf(document), facetScheme } : document;
}

type FacetFields = Pick<
  TenantDocument,
  '_id' | 'revision' | 'spec' | 'labels' | 'placement' | 'conditions' | 'plan' | 'scheduledPlan'
>;

const batchSize = 500;

/** An older build that goes on writing is not outrun: what it stores is brought up when the next process of this build starts. */
const maxPasses = 5;

/**
 * Derives the facets of tenants that were stored without them or under another scheme. They say nothing that the tenant itself does not
 * say, so its revision stays and there is no entry. Safe to run by several processes at once and beside changes: what has
 * changed since it was read has been stored anew, and is looked at again.
 */
export async function deriveMissingSearchKeys({ resources }: Pick<ControlDatabase, 'resources'>): Promise<void> {
  for (let pass = 1; pass <= maxPasses; pass += 1) {
    const stale = resources
      .find({ kind: 'Tenant', facetScheme: { $ne: facetScheme } }, goingOverAll)
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
