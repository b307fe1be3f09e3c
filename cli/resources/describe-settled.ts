import type { ApiClient } from '../../client/api-client.ts';
import { readApiStatus } from '../../client/api-status.ts';
import type { Metadata } from '../../contracts/manifests/metadata.ts';
import { formatAge } from '../text/duration.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { pairs, placed } from './describe-tenant.ts';

const ago = (time: string): string => `${time} (${formatAge(time, Date.now())} ago)`;

/** The fields of every declared resource. */
export function metadataFields(
  { uid, labels, annotations, createTime, updateTime, generation, revision }: Metadata,
  generationLabel = 'Generation',
): [string, string][] {
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

/** Everything about one plan, as text. */
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

interface ShownCell {
  readonly name: string;
  readonly tableBudget: number;
  readonly state: string;
}

const cellColumns: readonly Column<ShownCell>[] = [
  { title: 'CELL', value: ({ name }) => name },
  { title: 'TABLE-BUDGET', value: ({ tableBudget }) => String(tableBudget) },
  { title: 'STATE', value: ({ state }) => state },
];

/** The state of a cell by the API: whether workers reach it, and whether it is the right deployment. */
const cellStates: Readonly<Record<string, string>> = {
  ok: 'reachable',
  away: 'away: no worker can reach it',
  failed: 'another deployment answers at its address',
};

/** Everything about one region, as text. */
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
  const { checks } = await readApiStatus(api.server);
  const cells = spec.cells.map((cell) => ({
    ...cell,
    state: cellStates[checks[`cell ${cell.name}`] ?? ''] ?? 'not in the cells file of the API',
  }));
  return `${fields}\nCells:\n${renderTable(cellColumns, cells, paint, '  ')}`;
}

/** The tombstone of one purged tenant, as text. */
export async function describeTombstone(api: ApiClient, uid: string): Promise<string> {
  const { name, createTime, deleteTime, purgeTime, generation, placement, operationId, ledgerEntry } = (
    await api.call('getTombstone', { params: { uid } })
  ).body;
  return renderFields([
    ['Tenant', name],
    ['UID', uid],
    ['Created', ago(createTime)],
    ['Deleted', ago(deleteTime)],
    ['Purged', ago(purgeTime)],
    ['Generation', `${generation}, the last`],
    ['Placed', placement === undefined ? 'nowhere' : placed(placement)],
    ['Operation', operationId],
    ['Ledger entry', ledgerEntry],
  ]);
}
