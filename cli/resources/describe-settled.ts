import type { ApiClient } from '../../client/api-client.ts';
import type { Metadata } from '../../contracts/manifests/metadata.ts';
import type { Region } from '../../contracts/manifests/region.ts';
import { formatAge } from '../text/duration.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { pairs, placed } from './describe-tenant.ts';

const ago = (time: string): string => `${time} (${formatAge(time, Date.now())} ago)`;

/** What every declared resource has. */
export function metadataFields({ uid, labels, annotations, createTime, updateTime, generation, revision }: Metadata, generationLabel = 'Generation'): [string, string][] {
  return [
    ['UID', uid],
    ['Labels', pairs(labels)],
    ['Annotations', pairs(annotations)],
    ['Created', ago(createTime)],
    ['Changed', updateTime === createTime ? '' : ago(updateTime)],
    [generationLabel, String(generation)],
    ['Revision', String(revision)],
  ];
}

/** Everything about one plan, for people. */
export async function describePlan(api: ApiClient, name: string): Promise<string> {
  const { metadata, spec } = (await api.call('getPlan', { params: { name } })).body;
  return renderFields([
    ['Plan', metadata.name],
    ['Display name', spec.displayName],
    ...metadataFields(metadata),
    ['Isolation', spec.isolationModes.join(', ')],
    ['Regions', spec.allowedRegions?.join(', ') ?? 'any'],
    ['Tables', `at most ${spec.quotas.tables}: collections, their _id indexes and declared indexes together`],
    ['Its tenants', `tenure get tenants --plan ${metadata.name}`],
  ]);
}

const cellColumns: readonly Column<Region['spec']['cells'][number]>[] = [
  { title: 'CELL', value: ({ name }) => name },
  { title: 'TABLE-BUDGET', value: ({ tableBudget }) => String(tableBudget) },
];

/** Everything about one region, for people. */
export async function describeRegion(api: ApiClient, name: string, paint: Paint): Promise<string> {
  const { metadata, spec } = (await api.call('getRegion', { params: { name } })).body;
  const fields = renderFields([
    ['Region', metadata.name],
    ['Display name', spec.displayName],
    ...metadataFields(metadata),
    ['Jurisdiction', spec.jurisdiction],
    ['New tenants', spec.acceptsTenants ? 'accepted' : 'not accepted'],
    ['Its tenants', `tenure get tenants --region ${metadata.name}`],
  ]);
  return `${fields}\nCells:\n${renderTable(cellColumns, spec.cells, paint, '  ')}`;
}

/** What is left of one purged tenant, for people. */
export async function describeTombstone(api: ApiClient, uid: string): Promise<string> {
  const { name, createTime, deleteTime, purgeTime, generation, placement, operationId, ledgerEntry } = (await api.call('getTombstone', { params: { uid } })).body;
  return renderFields([
    ['Tenant', name],
    ['UID', uid],
    ['Created', ago(createTime)],
    ['Deleted', ago(deleteTime)],
    ['Purged', ago(purgeTime)],
    ['Generation', `${generation}, the last one`],
    ['Placed', placement === undefined ? 'nowhere' : placed(placement)],
    ['Operation', operationId],
    ['Ledger entry', ledgerEntry],
  ]);
}
