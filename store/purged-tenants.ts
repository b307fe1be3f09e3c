import type { Collection, Filter } from 'mongodb';
import type { ControlDatabase } from './control-database.ts';

/** Ids of the documents whose tenant is no longer in the registry. `tenantField` holds its uid. */
export async function idsOfPurged<Document extends { _id: string }>(
  { resources }: Pick<ControlDatabase, 'resources'>,
  of: Collection<Document>,
  filter: Filter<Document>,
  tenantField: '_id' | 'tenant',
): Promise<string[]> {
  const found = await of
    .aggregate<{ _id: string }>([
      { $match: filter },
      {
        $lookup: {
          from: resources.collectionName,
          localField: tenantField,
          foreignField: '_id',
          pipeline: [{ $project: { _id: 1 } }],
          as: 'found',
        },
      },
      { $match: { found: [] } },
      { $project: { _id: 1 } },
    ])
    .toArray();
  return found.map(({ _id }) => _id);
}
