import type { MongoClient } from 'mongodb';
import { layoutOf } from '../../../domain/home-layout.ts';
import type { TenantDocument as ApplicationDocument } from '../applications.ts';
import type { Recollection } from '../recollection.ts';
import type { Findings } from './finding.ts';
import type { KnownTenant } from '../../faults/standing.ts';

/**
 * Compares a tenant's documents with what its application knows. Returns the number of documents in each declared
 * collection.
 */
export async function checkDocuments(
  cell: MongoClient,
  tenant: KnownTenant,
  { documents }: Pick<Recollection, 'documents'>,
  findings: Findings,
): Promise<Record<string, number>> {
  const { uid, mode, plan, services } = tenant;
  const written = documents.filter((document) => document.uid === uid);
  const counts: Record<string, number> = {};
  for (const { declared, database, name } of layoutOf({ uid, mode, spec: { plan, services } }).namespaces) {
    const found = await cell.db(database).collection<ApplicationDocument>(name).find().toArray();
    counts[declared.name] = found.length;
    const present = new Set(found.map(({ _id }) => _id));
    const tried = new Set(written.filter(({ collection }) => collection === declared.name).map(({ id }) => id));
    const lost = written.filter(
      ({ id, collection, acknowledgedAt }) =>
        collection === declared.name && acknowledgedAt !== undefined && !present.has(id),
    );
    if (lost.length > 0)
      findings.add(
        'lost',
        `${tenant.name} (${uid}) has lost ${lost.length} acknowledged documents of ${declared.name}, such as ${lost[0]?.id}`,
      );
    for (const foreign of found.filter((document) => document.tenant !== uid || !tried.has(document._id))) {
      findings.add(
        'trespass',
        `${tenant.name} (${uid}) has a document in ${declared.name} that it has not written: ${JSON.stringify(foreign)}`,
      );
    }
  }
  return counts;
}
